import Cluster

/// What a process tells process 0 of its ranks when a job is over, as numbers.
enum MPIReport {
    /// A rank's account of its time.
    struct Row: Equatable {
        let rank: Int
        let account: TimeAccount

        init(_ rank: Int, _ account: TimeAccount) {
            (self.rank, self.account) = (rank, account)
        }

        fileprivate static let length = 5

        var numbers: [Double] {
            [
                Double(rank), account.computeSeconds, account.communicationSeconds, account.hiddenCommunicationSeconds,
                account.waitingSeconds,
            ]
        }

        fileprivate init(_ numbers: ArraySlice<Double>) {
            let first = numbers.startIndex
            rank = Int(numbers[first])
            var account = TimeAccount()
            account.computeSeconds = numbers[first + 1]
            account.communicationSeconds = numbers[first + 2]
            account.hiddenCommunicationSeconds = numbers[first + 3]
            account.waitingSeconds = numbers[first + 4]
            self.account = account
        }
    }

    static func rows(_ numbers: [Double]) -> [Row] {
        stride(from: 0, to: numbers.count, by: Row.length).map { Row(numbers[$0..<$0 + Row.length]) }
    }

    private static let entryLength = 7

    /// Bytes are whole in a `Double` up to 9 petabytes.
    static func numbers(_ entry: TrafficLedger.Entry) -> [Double] {
        [
            Double(entry.rank), Double(TrafficPurpose.allCases.firstIndex(of: entry.purpose) ?? 0),
            Double(TrafficDirection.allCases.firstIndex(of: entry.direction) ?? 0), Double(entry.bytesSent),
            Double(entry.messagesSent), Double(entry.bytesReceived), Double(entry.messagesReceived),
        ]
    }

    static func entries(_ numbers: [Double]) -> [TrafficLedger.Entry] {
        stride(from: 0, to: numbers.count, by: entryLength).map { (first: Int) in
            let values: [Int] = numbers[first..<first + entryLength].map { Int($0) }
            return TrafficLedger.Entry(
                rank: values[0], purpose: TrafficPurpose.allCases[values[1]],
                direction: TrafficDirection.allCases[values[2]], bytesSent: values[3], messagesSent: values[4],
                bytesReceived: values[5], messagesReceived: values[6])
        }
    }
}
