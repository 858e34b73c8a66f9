#if MPI
    import CMPI
    import Cluster
    import Kernel

    /// The buckets of one gradient on their way: a non-blocking all-reduce for each, begun when the backward pass has its
    /// numbers. Without a thread of its own, MPI makes progress while it is called: after each layer, and when the
    /// computation is over.
    struct BucketFlight {
        private let buckets: [GradientBucket]
        private let vector: ParameterVector
        private let job: MPIJob
        private var begun = 0
        private var requests: [cmpi_request] = []
        private var failure: (any Error)?
        /// Since when a bucket is on its way while the rank computes; nil while none is.
        private var since: Double?
        private(set) var hiddenSeconds = 0.0

        init(_ buckets: [GradientBucket], _ vector: ParameterVector, _ job: MPIJob) {
            (self.buckets, self.vector, self.job) = (buckets, vector, job)
        }

        /// The numbers from here to the end are there.
        mutating func advance(readyFrom: Int) {
            do {
                while begun < buckets.count, buckets[begun].range.lowerBound >= readyFrom {
                    let range = buckets[begun].range
                    var request = cmpi_request()
                    let numbers = vector.storage + range.lowerBound
                    try job.world.check("beginning an all-reduce of \(range.count) numbers") {
                        cmpi_start_all_reduce(numbers, Int32(range.count), &request)
                    }
                    requests.append(request)
                    begun += 1
                    if since == nil { since = job.clock.seconds }
                }
                try poll()
            } catch {
                if failure == nil { failure = error }
            }
        }

        private mutating func poll() throws {
            for index in requests.indices.reversed() {
                var isOver = false
                let code = cmpi_test(&requests[index], &isOver)
                try job.world.require(code, "in an all-reduce")
                if isOver { requests.remove(at: index) }
            }
            if requests.isEmpty { endHidden() }
        }

        private mutating func endHidden() {
            if let since { hiddenSeconds += job.clock.seconds - since }
            since = nil
        }

        mutating func computationEnded() { endHidden() }

        /// Returns when all buckets are there.
        mutating func land() throws {
            advance(readyFrom: 0)
            since = nil
            job.world.watchdog.begin { "in the all-reduce of a gradient's buckets" }
            while failure == nil, !requests.isEmpty {
                for index in requests.indices.reversed() {
                    var isOver = false
                    let code = cmpi_test(&requests[index], &isOver)
                    try job.world.require(code, "in an all-reduce")
                    if isOver { requests.remove(at: index) }
                }
            }
            job.world.watchdog.end()
            if let failure { throw failure }
        }
    }
#endif
