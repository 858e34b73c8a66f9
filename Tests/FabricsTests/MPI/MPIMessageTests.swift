import Cluster
import Kernel
import Testing

@testable import Fabrics

extension MPIMessage {
    fileprivate var vector: ParameterVector {
        guard case .vector(let vector) = payload else { return ParameterVector(count: 0) }
        return vector
    }
}

/// What an MPI job sends, without MPI.
@Suite struct MPIMessageTests {
    @Test func aMessageArrivesAsItWasSentBehindSixteenBytes() throws {
        let vector = ParameterVector([1.5, -0.0, .nan, .infinity, .leastNonzeroMagnitude])
        let message = Message(vector, weight: 5_000_000_000, purpose: .modelUp, direction: .uplink)
        let buffer = try MPIMessage.encode(message, from: 70_000, to: 3)
        #expect(buffer.count == 16 + 20 && buffer.count == message.bytes)
        let arrived = MPIMessage(buffer)
        #expect(arrived.sender == 70_000 && arrived.receiver == 3 && arrived.weight == 5_000_000_000)
        #expect(bits(arrived.vector) == bits(vector))
    }

    @Test func anEncodedMessageArrivesWithItsCoding() throws {
        for bytes in [[], [1, 2, 255]] as [[UInt8]] {
            let encoded = EncodedVector(coding: "top-k", elements: 3_000_000_000, bytes: bytes)
            let message = Message(encoded, weight: 9, purpose: .gradient)
            let arrived = MPIMessage(try MPIMessage.encode(message, from: 1, to: 2), isEncoded: true)
            guard case .encoded(let payload) = arrived.payload else {
                Issue.record("not encoded")
                continue
            }
            #expect(payload == encoded && arrived.weight == 9)
            #expect(arrived.bytes == message.bytes && message.bytes == 16 + bytes.count)
        }
    }

    @Test func aMessageWithoutNumbersIsItsHead() throws {
        let buffer = try MPIMessage.encode(Message(ParameterVector(count: 0), purpose: .control), from: 0, to: 1)
        #expect(buffer.count == 16)
        #expect(MPIMessage(buffer).vector.count == 0)
    }

    @Test func everyKindOfMessageHasATagOfItsOwn() {
        var tags: [MPITag] = [.remarks, .ended, .paused, .reportWanted, .report]
        for purpose in TrafficPurpose.allCases {
            for direction in TrafficDirection.allCases {
                tags += [false, true].map { .message(purpose, direction, isEncoded: $0) }
            }
        }
        #expect(Set(tags.map(\.number)).count == tags.count)
        for tag in tags { #expect(MPITag(tag.number) == tag) }
        // MPI guarantees tags up to here.
        #expect(tags.allSatisfy { $0.number >= 0 && $0.number <= 32_767 })
        for number in [-1, 0, 6, 15, 16 + TrafficPurpose.allCases.count * 6, 40_000] {
            #expect(MPITag(number) == nil, "\(number)")
        }
    }

    @Test func whatAProcessReportsIsReadBack() {
        var account = TimeAccount()
        account.computeSeconds = 1.25
        account.communicationSeconds = 0.1
        account.hiddenCommunicationSeconds = 1e-9
        account.waitingSeconds = 3
        let ledger = TrafficLedger(ranks: 4)
        ledger.charge(from: 0, to: 3, bytes: 9_000_000_000_000_001, messages: 7, .modelDown, .downlink)
        ledger.charge(from: 3, to: 0, bytes: 5, .gradient, .peer)
        #expect(ledger.entries.count == 4)
        let report = MPIReport(
            rows: [MPIReport.Row(3, account), MPIReport.Row(0, TimeAccount())], entries: ledger.entries)
        #expect(MPIReport(report.numbers) == report)
        let nothing = MPIReport(rows: [], entries: [])
        #expect(MPIReport(nothing.numbers) == nothing)
        // Reports of two processes: accounts are put side by side, ledgers are added up.
        let other = MPIReport(rows: [MPIReport.Row(1, account)], entries: ledger.entries)
        #expect(MPIReport.accounts([report, other], ranks: 4) == [TimeAccount(), account, TimeAccount(), account])
        let total = MPIReport.ledger([report, other], ranks: 4)
        #expect(total.totalBytes == 2 * ledger.totalBytes && total.totalMessages == 2 * ledger.totalMessages)
        #expect(total.entries.map(\.bytesReceived) == ledger.entries.map { 2 * $0.bytesReceived })
    }
}

@Suite struct MPIPlacementTests {
    @Test func asManyRanksAsProcessesHaveOneEach() {
        let placement = MPIPlacement(ranks: 4, processes: 4, hasServer: true)
        #expect((0..<4).map { placement.ranks(of: $0) } == [[0], [1], [2], [3]])
        #expect(placement.isOneRankAProcess)
    }

    @Test func aServerHasAProcessToItselfAndClientsShareTheOthers() {
        let placement = MPIPlacement(ranks: 8, processes: 4, hasServer: true)
        #expect((0..<4).map { placement.ranks(of: $0) } == [[0], [1, 4, 7], [2, 5], [3, 6]])
        #expect(!placement.isOneRankAProcess)
    }

    @Test func ranksThatAreAllAlikeShareAllProcesses() {
        let placement = MPIPlacement(ranks: 8, processes: 3, hasServer: false)
        #expect((0..<3).map { placement.ranks(of: $0) } == [[0, 3, 6], [1, 4, 7], [2, 5]])
    }

    @Test func oneProcessRunsAllRanks() {
        #expect(MPIPlacement(ranks: 5, processes: 1, hasServer: true).ranks(of: 0) == [0, 1, 2, 3, 4])
    }

    @Test func processesBeyondTheRanksHaveNone() {
        for hasServer in [true, false] {
            let placement = MPIPlacement(ranks: 3, processes: 5, hasServer: hasServer)
            #expect((0..<5).map { placement.ranks(of: $0) } == [[0], [1], [2], [], []])
        }
    }

    @Test func everyRankIsInOneProcess() {
        for ranks in 1...40 {
            for processes in 1...9 {
                for hasServer in [true, false] {
                    let placement = MPIPlacement(ranks: ranks, processes: processes, hasServer: hasServer)
                    let all = (0..<processes).flatMap { placement.ranks(of: $0) }
                    #expect(all.sorted() == Array(0..<ranks), "\(ranks) ranks, \(processes) processes")
                    #expect(placement.ranks(of: 0).contains(0))
                }
            }
        }
    }
}

@Suite struct PolledExecutorTests {
    @Test(.timeLimit(.minutes(60))) func tasksOfOneThreadTakeTurns() {
        let executor = PolledExecutor()
        #expect(!executor.runReadyJobs(), "nothing to do yet")
        let notes = Notes<Int>()
        for index in 0..<3 {
            Task(executorPreference: executor) {
                await Task.yield()
                notes[index] = index
            }
        }
        #expect(notes.count == 0, "tasks run when they are let")
        while notes.count < 3 { _ = executor.runReadyJobs() }
        #expect(notes.byRank == [0, 1, 2])
    }
}
