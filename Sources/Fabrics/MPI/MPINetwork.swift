#if MPI
    import CMPI
    import Kernel

    /// The processes of an MPI job, for measuring what their messages and MPI's all-reduce take.
    package struct MPINetwork: MeasurableNetwork {
        private let world: MPIWorld
        /// The rank that exchanges messages with rank 0: the first on another host, else the next.
        package let partner: Int
        /// The host of each rank.
        package let hosts: [String]

        package init(_ world: MPIWorld) throws {
            self.world = world
            hosts = try world.hostsOfAll()
            let first = hosts[0]
            partner = hosts.firstIndex { $0 != first } ?? 1
        }

        package var rank: Int { world.rank }
        package var count: Int { world.count }
        private static let tag: Int32 = 7

        package func barrier() throws { try world.barrier() }
        package func share(_ numbers: [Double]) throws -> [[Double]] { try world.allGather(numbers) }

        package func roundTrips(_ trips: Int, bytes: Int) throws -> Double {
            try timed("in messages of \(bytes) bytes to and fro", bytes: bytes) { buffer, other, isFirst in
                for _ in 0..<trips {
                    if isFirst {
                        let code = cmpi_send(buffer, Int32(bytes), other, Self.tag)
                        if code != 0 { return code }
                    }
                    let code = cmpi_receive(buffer, Int32(bytes), other, Self.tag)
                    if code != 0 { return code }
                    if !isFirst {
                        let code = cmpi_send(buffer, Int32(bytes), other, Self.tag)
                        if code != 0 { return code }
                    }
                }
                return 0
            }
        }

        package func bursts(_ bursts: Int, of messages: Int, bytes: Int) throws -> Double {
            try timed("in \(messages) messages of \(bytes) bytes at once", bytes: bytes) { buffer, other, isFirst in
                for _ in 0..<bursts {
                    for _ in 0..<messages {
                        let code =
                            isFirst
                            ? cmpi_send(buffer, Int32(bytes), other, Self.tag)
                            : cmpi_receive(buffer, Int32(bytes), other, Self.tag)
                        if code != 0 { return code }
                    }
                    let code =
                        isFirst
                        ? cmpi_receive(buffer, Int32(bytes), other, Self.tag)
                        : cmpi_send(buffer, Int32(bytes), other, Self.tag)
                    if code != 0 { return code }
                }
                return 0
            }
        }

        package func allReduces(_ calls: Int, elements: Int) throws -> Double {
            let vector = ParameterVector(count: elements)
            let numbers = vector.storage
            try world.barrier()
            let start = cmpi_wtime()
            try world.check("in an all-reduce of \(elements) numbers") {
                for _ in 0..<calls {
                    let code = cmpi_all_reduce(numbers, Int32(elements))
                    if code != 0 { return code }
                }
                return 0
            }
            return cmpi_wtime() - start
        }

        /// Times an exchange of rank 0 and its partner; the other ranks wait without keeping a core busy.
        /// - Returns: seconds on rank 0's clock; 0 on all other ranks.
        private func timed(
            _ what: String, bytes: Int,
            _ body: (_ buffer: UnsafeMutableRawPointer, _ other: Int32, _ isFirst: Bool) -> Int32
        ) throws -> Double {
            var seconds = 0.0
            if rank == 0 || rank == partner {
                let buffer = UnsafeMutableRawPointer.allocate(byteCount: max(1, bytes), alignment: 64)
                defer { buffer.deallocate() }
                buffer.initializeMemory(as: UInt8.self, repeating: 0, count: max(1, bytes))
                let other: Int32 = rank == 0 ? Int32(partner) : 0
                // An empty exchange first, so that neither rank is timed while the other is not there yet.
                try world.check(what) { cmpi_send_receive(nil, 0, other, nil, 0, other, Self.tag) }
                let start = cmpi_wtime()
                try world.check(what) { body(buffer, other, rank == 0) }
                if rank == 0 { seconds = cmpi_wtime() - start }
            }
            try world.meet("until ranks 0 and \(partner) have exchanged messages")
            return seconds
        }
    }
#endif
