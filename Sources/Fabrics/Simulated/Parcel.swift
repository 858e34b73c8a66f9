import Cluster

/// A message of a simulated job under way, of a collective or from rank to rank.
struct Parcel {
    enum Content {
        case collective(CollectiveRun)
        /// Boxed, so that a parcel of a collective, of which there are most, is small.
        indirect case message(Message)
    }

    /// The message's number: messages of the job are counted.
    let number: Int
    let sender: Int
    let receiver: Int
    let sentAt: VirtualTime
    let content: Content
}
