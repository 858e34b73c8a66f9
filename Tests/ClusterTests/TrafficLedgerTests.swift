import Dispatch
import Testing

@testable import Cluster

@Suite struct TrafficLedgerTests {
    @Test func everyPurposeAndDirectionHasAPlaceOfItsOwn() {
        #expect(TrafficPurpose.allCases.map(\.position) == Array(TrafficPurpose.allCases.indices))
        #expect(TrafficDirection.allCases.map(\.position) == Array(TrafficDirection.allCases.indices))
        let ledger = TrafficLedger(ranks: 2)
        for purpose in TrafficPurpose.allCases {
            for direction in TrafficDirection.allCases { ledger.charge(from: 0, to: 1, bytes: 1, purpose, direction) }
        }
        #expect(ledger.entries.count == 2 * TrafficPurpose.allCases.count * TrafficDirection.allCases.count)
    }

    /// A purpose or direction that is added later must not share a count with another rank's.
    @Test func aRankHasAsManyCountsAsThereArePairs() {
        let pairs = TrafficPurpose.allCases.flatMap { purpose in
            TrafficDirection.allCases.map { TrafficLedger.index(purpose, $0) }
        }
        #expect(pairs.sorted() == Array(0..<TrafficLedger.kinds))
    }

    @Test func emptyLedgerHasNoEntries() {
        let ledger = TrafficLedger(ranks: 3)
        #expect(ledger.entries.isEmpty && ledger.totalBytes == 0 && ledger.totalMessages == 0)
    }

    @Test func chargesAddUpAtBothEndsByPurposeAndDirection() {
        let ledger = TrafficLedger(ranks: 3)
        ledger.charge(from: 0, to: 2, bytes: 100, .gradient, .uplink)
        ledger.charge(from: 0, to: 2, bytes: 50, messages: 3, .gradient, .uplink)
        ledger.charge(from: 2, to: 0, bytes: 7, .gradient, .downlink)
        ledger.charge(from: 0, to: 2, bytes: 1, .control, .uplink)
        func entry(
            _ rank: Int, _ purpose: TrafficPurpose, _ direction: TrafficDirection, sent: (Int, Int) = (0, 0),
            received: (Int, Int) = (0, 0)
        ) -> TrafficLedger.Entry {
            .init(
                rank: rank, purpose: purpose, direction: direction, bytesSent: sent.0, messagesSent: sent.1,
                bytesReceived: received.0, messagesReceived: received.1)
        }
        let expected = [
            entry(0, .gradient, .uplink, sent: (150, 4)), entry(0, .gradient, .downlink, received: (7, 1)),
            entry(0, .control, .uplink, sent: (1, 1)), entry(2, .gradient, .uplink, received: (150, 4)),
            entry(2, .gradient, .downlink, sent: (7, 1)), entry(2, .control, .uplink, received: (1, 1)),
        ]
        #expect(ledger.entries == expected)
        #expect(ledger.totalBytes == 158 && ledger.totalMessages == 6)
    }

    @Test func everyPurposeAndDirectionHasItsOwnEntry() {
        let ledger = TrafficLedger(ranks: 2)
        var bytes = 1
        for purpose in TrafficPurpose.allCases {
            for direction in TrafficDirection.allCases {
                ledger.charge(from: 1, to: 0, bytes: bytes, purpose, direction)
                bytes *= 2
            }
        }
        let kinds = TrafficPurpose.allCases.count * TrafficDirection.allCases.count
        #expect(ledger.entries.map(\.rank) == Array(repeating: 0, count: kinds) + Array(repeating: 1, count: kinds))
        #expect(ledger.entries.suffix(kinds).map(\.bytesSent) == (0..<kinds).map { 1 << $0 })
        #expect(ledger.totalBytes == bytes - 1)
    }

    @Test func emptyMessagesAreEntriesToo() {
        let ledger = TrafficLedger(ranks: 2)
        ledger.charge(from: 0, to: 1, bytes: 0, .control, .peer)
        #expect(ledger.entries.count == 2 && ledger.totalMessages == 1)
    }

    @Test func chargesOfManyThreadsAreAllCounted() {
        let ledger = TrafficLedger(ranks: 4)
        DispatchQueue.concurrentPerform(iterations: 4) { rank in
            for _ in 0..<1000 { ledger.charge(from: rank, to: (rank + 1) % 4, bytes: 3, .model, .peer) }
        }
        #expect(ledger.totalBytes == 12_000 && ledger.totalMessages == 4000)
        #expect(ledger.entries.allSatisfy { $0.bytesSent == 3000 && $0.bytesReceived == 3000 })
    }
}
