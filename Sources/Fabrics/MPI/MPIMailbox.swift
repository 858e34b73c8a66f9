#if MPI
    /// Messages for one rank of this process, in the order in which they came, and the rank's wait for them.
    final class MPIMailbox {
        struct Parcel {
            let message: Message
            /// Seconds on the job's clock when the message's first part was there; `endSeconds` is when all of it was.
            let beginSeconds: Double
            let endSeconds: Double
        }

        /// What the rank waits for.
        private struct Wait {
            let senders: Senders
            /// Seconds on the job's clock; nil where the rank waits without a deadline.
            let deadline: Double?
            let waiter: CheckedContinuation<Void, Never>
        }

        private var parcels = ArrivalQueue<Parcel>()
        private var wait: Wait?

        /// The senders that the rank waits for without a deadline; nil where it does not wait, or has a deadline.
        var awaited: Senders? { wait.flatMap { $0.deadline == nil ? $0.senders : nil } }
        var hasDeadline: Bool { wait?.deadline != nil }

        func put(_ parcel: Parcel, from sender: Int) {
            parcels.append(parcel, from: sender)
            if wait?.senders.contains(sender) == true { wake() }
        }

        func take(from senders: Senders) -> (sender: Int, parcel: Parcel)? { parcels.popFirst(of: senders) }

        /// Returns when there may be a message of one of the senders, or a reason why there is none.
        func wait(for senders: Senders, until deadline: Double?) async {
            await withCheckedContinuation { wait = Wait(senders: senders, deadline: deadline, waiter: $0) }
        }

        /// A rank's program has ended.
        func senderEnded() { wake() }

        /// The clock shows so much; returns whether the rank's deadline has come.
        func clockShows(_ seconds: Double) -> Bool {
            guard let deadline = wait?.deadline, deadline <= seconds else { return false }
            wake()
            return true
        }

        private func wake() {
            let waiter = wait?.waiter
            wait = nil
            waiter?.resume()
        }
    }
#endif
