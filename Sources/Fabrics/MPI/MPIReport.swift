import Cluster

/// What a process of an MPI job tells the first one, as numbers: where its ranks' time went, and its ledger.
struct MPIReport: Equatable {
    /// A rank's account of its time.
    struct Row: Equatable {
        let rank: Int
        let account: TimeAccount

        init(_ rank: Int, _ account: TimeAccount) {
            (self.rank, self.account) = (rank, account)
        }
    }

    let rows: [Row]
    let entries: [TrafficLedger.Entry]

    init(rows: [Row], entries: [TrafficLedger.Entry]) {
        (self.rows, self.entries) = (rows, entries)
    }

    // MARK: As numbers

    private static let rowLength = 5
    private static let entryLength = 7

    /// How many rows, these, and the entries. Bytes are whole in a `Double` up to 9 petabytes.
    var numbers: [Double] {
        [Double(rows.count)] + rows.flatMap(Self.numbers) + entries.flatMap(Self.numbers)
    }

    init(_ numbers: [Double]) {
        let rowsEnd = 1 + Int(numbers[0]) * Self.rowLength
        rows = stride(from: 1, to: rowsEnd, by: Self.rowLength).map { Self.row(numbers[$0..<$0 + Self.rowLength]) }
        entries = stride(from: rowsEnd, to: numbers.count, by: Self.entryLength).map {
            Self.entry(numbers[$0..<$0 + Self.entryLength])
        }
    }

    private static func numbers(_ row: Row) -> [Double] {
        let account = row.account
        return [
            Double(row.rank), account.computeSeconds, account.communicationSeconds, account.hiddenCommunicationSeconds,
            account.waitingSeconds,
        ]
    }

    private static func row(_ numbers: ArraySlice<Double>) -> Row {
        let numbers = Array(numbers)
        var account = TimeAccount()
        account.computeSeconds = numbers[1]
        account.communicationSeconds = numbers[2]
        account.hiddenCommunicationSeconds = numbers[3]
        account.waitingSeconds = numbers[4]
        return Row(Int(numbers[0]), account)
    }

    private static func numbers(_ entry: TrafficLedger.Entry) -> [Double] {
        [
            Double(entry.rank), Double(TrafficPurpose.allCases.firstIndex(of: entry.purpose) ?? 0),
            Double(TrafficDirection.allCases.firstIndex(of: entry.direction) ?? 0), Double(entry.bytesSent),
            Double(entry.messagesSent), Double(entry.bytesReceived), Double(entry.messagesReceived),
        ]
    }

    private static func entry(_ numbers: ArraySlice<Double>) -> TrafficLedger.Entry {
        let values = numbers.map { Int($0) }
        return TrafficLedger.Entry(
            rank: values[0], purpose: TrafficPurpose.allCases[values[1]],
            direction: TrafficDirection.allCases[values[2]], bytesSent: values[3], messagesSent: values[4],
            bytesReceived: values[5], messagesReceived: values[6])
    }

    // MARK: Of all processes

    static func accounts(_ reports: [MPIReport], ranks: Int) -> [TimeAccount] {
        var accounts = [TimeAccount](repeating: TimeAccount(), count: ranks)
        for row in reports.flatMap(\.rows) { accounts[row.rank] = row.account }
        return accounts
    }

    static func ledger(_ reports: [MPIReport], ranks: Int) -> TrafficLedger {
        let total = TrafficLedger(ranks: ranks)
        for entry in reports.flatMap(\.entries) {
            total.charge(
                entry.rank, sent: (entry.messagesSent, entry.bytesSent),
                received: (entry.messagesReceived, entry.bytesReceived), entry.purpose, entry.direction)
        }
        return total
    }
}
