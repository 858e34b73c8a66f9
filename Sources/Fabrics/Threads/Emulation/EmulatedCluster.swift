import Cluster
import Foundation
import Kernel
import Locking

/// The cluster that the rank threads of a ``ThreadFabric`` act out: its network, its collectives, and what each rank does
/// next, by the clock of the model.
///
/// Times of the model are absolute. A rank does nothing before the clock of the job shows the time that the model says; where
/// its thread is late, since the machine is busy, what follows is still due when it would have been, and the thread catches
/// up in its next wait. So lateness does not add up from message to message. Accounts are the model's too; what the threads
/// were late in the end is in the time of the job alone.
final class EmulatedCluster: Sendable {
    let model: ThreadFabric.Emulation
    let collectives: EmulatedCollectives
    let inboxes: [EmulatedInbox]
    /// When the job began, or went on.
    let start: VirtualTime
    private let network: Guarded<NetworkModel>
    private let ledger: TrafficLedger

    init(_ model: ThreadFabric.Emulation, from start: FabricSnapshot?, clock: PausableClock, ledger: TrafficLedger) {
        self.model = model
        self.ledger = ledger
        self.start = VirtualTime(seconds: start?.seconds ?? 0)
        let ranks = model.nodes.count
        collectives = EmulatedCollectives(ranks: ranks)
        let network = Guarded(
            NetworkModel(
                nodes: model.nodes, jitter: model.jitter, seeds: model.seeds, sent: start?.messagesSent(ranks: ranks)))
        self.network = network
        inboxes = (0..<ranks).map { rank in
            EmulatedInbox(of: rank, ranks: ranks, clock) { transit in network.withLock { $0.arrive(transit) } }
        }
    }

    /// Charges a message and sends it.
    ///
    /// - Parameter time: by the model, at which the sender hands it over.
    /// - Returns: when it has left the sender's port.
    func post(
        _ content: EmulatedInbox.Content, from sender: Int, to receiver: Int, bytes: Int, _ purpose: TrafficPurpose,
        _ direction: TrafficDirection, at time: VirtualTime
    ) -> VirtualTime {
        ledger.charge(from: sender, to: receiver, bytes: bytes, purpose, direction)
        let transit = network.withLock { $0.depart(from: sender, to: receiver, bytes: bytes, at: time) }
        inboxes[receiver].put(
            EmulatedInbox.Parcel(
                content: content, sender: sender, sent: time, transit: transit))
        return transit.departed
    }

    func rankEnded(_ rank: Int, at time: VirtualTime, failed: Bool) {
        collectives.rankEnded(rank, failed: failed)
        for inbox in inboxes { inbox.senderEnded(rank, at: time, failed: failed) }
    }

    /// How long a computation takes.
    func seconds(_ work: ComputeWork, on rank: Int) -> Double { model.compute.seconds(work, on: model.nodes[rank]) }
}
