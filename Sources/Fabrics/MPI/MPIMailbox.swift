#if MPI
    import Collections

    /// Messages from one rank to another of this process, in order.
    final class MPIMailbox {
        struct Parcel {
            let message: Message
            /// When its first part was there, and all of it.
            let beginSeconds: Double
            let endSeconds: Double
        }

        private var parcels = Deque<Parcel>()
        private var waiter: CheckedContinuation<Void, Never>?
        private var hasEnded: Bool

        init(hasEnded: Bool) { self.hasEnded = hasEnded }

        var isAwaited: Bool { waiter != nil }

        func put(_ parcel: Parcel) {
            parcels.append(parcel)
            wake()
        }

        func senderEnded() {
            hasEnded = true
            wake()
        }

        private func wake() {
            let waiter = self.waiter
            self.waiter = nil
            waiter?.resume()
        }

        /// Waits for the next; nil when the sender has ended and none is left.
        func take() async -> Parcel? {
            while true {
                if let parcel = parcels.popFirst() { return parcel }
                if hasEnded { return nil }
                await withCheckedContinuation { waiter = $0 }
            }
        }
    }
#endif
