import Cluster
internal import Fabrics

extension Conformance {
    static let receiving = [
        Conformance("every message from any rank comes once, and each sender's in order", ranks: 4) { rank in
            let count = 20
            guard rank.index == 0 else {
                for number in 0..<count {
                    let next = message(100 * rank.index + number)
                    if number % 2 == 0 { try await rank.send(next, to: 0) } else { try rank.post(next, to: 0) }
                }
                return
            }
            var weights: [Int: [Int]] = [:]
            while let (message, sender) = try await rank.receive(from: .any) {
                try expect(message.vector[0] == Float(message.weight), "\(message.vector[0]) of \(message.weight)")
                weights[sender, default: []].append(message.weight)
            }
            for sender in 1..<rank.count {
                let expected = (0..<count).map { 100 * sender + $0 }
                try expect(weights[sender] == expected, "\(weights[sender] ?? []) of rank \(sender)")
            }
            try expect(weights.count == rank.count - 1, "messages of ranks \(weights.keys.sorted())")
        },
        Conformance("a message of another rank stays where it is while a rank receives from some", ranks: 4) { rank in
            switch rank.index {
            case 1:
                try await rank.send(message(1), to: 0)
                try await rank.send(message(12), to: 2)
            case 2:
                _ = try await rank.receive(from: 1)
                try await rank.send(message(2), to: 0)
            case 0:
                let first = try await rank.receive(from: .ranks([2, 3]))
                try expect(first?.sender == 2 && first?.message.weight == 2, "first from \(String(describing: first))")
                let second = try await rank.receive(from: .any)
                try expect(second?.sender == 1 && second?.message.weight == 1, "then \(String(describing: second))")
                let third = try await rank.receive(from: .ranks([2, 3]))
                try expect(third == nil, "a third message")
            default: break
            }
        },
        Conformance("a deadline passes, and the message that comes later is not lost", ranks: 2) { rank in
            guard rank.index == 0 else {
                // Nothing is sent before the other has waited in vain.
                _ = try await rank.receive(from: 0)
                return try await rank.send(message(7), to: 0)
            }
            for senders in [Senders.any, .rank(1), .ranks([1])] {
                let deadline = rank.now.later(bySeconds: 5e-3)
                guard case .timedOut = try await rank.receive(from: senders, until: deadline) else {
                    throw Violation(description: "a message, or the end, of \(senders) before any was sent")
                }
                try expect(rank.now >= deadline, "timed out at \(rank.now) before \(deadline)")
            }
            try await rank.send(message(0), to: 1)
            let longest = rank.now.later(bySeconds: 600)
            guard case .message(let answer, let sender) = try await rank.receive(from: .any, until: longest) else {
                throw Violation(description: "no answer")
            }
            try expect(answer.weight == 7 && sender == 1, "\(answer.weight) from \(sender)")
        },
        Conformance("a deadline that is over asks for what is there", ranks: 2) { rank in
            guard rank.index == 0 else { return try await rank.send(message(3), to: 0) }
            for _ in 0..<100_000 {
                switch try await rank.receive(from: .any, until: .zero) {
                case .message(let message, let sender):
                    return try expect(message.weight == 3 && sender == 1, "\(message.weight) from \(sender)")
                case .timedOut: try await rank.sleep(until: rank.now.later(bySeconds: 1e-3))
                case .ended: throw Violation(description: "the end before the message")
                }
            }
            throw Violation(description: "no message in 100 s")
        },
        Conformance("whoever has ended is not waited for, whatever the deadline", ranks: 3) { rank in
            guard rank.index == 0 else { return }
            for deadline in [nil, rank.now.later(bySeconds: 600)] {
                for senders in [Senders.any, .rank(2), .ranks([1, 2])] {
                    guard case .ended = try await rank.receive(from: senders, until: deadline) else {
                        throw Violation(description: "not the end of \(senders)")
                    }
                }
            }
        },
        Conformance("a rank sleeps until a time, and not at all where that is over", ranks: 3) { rank in
            let time = rank.now.later(bySeconds: 1e-3 * Double(rank.index + 1))
            try await rank.sleep(until: time)
            try expect(rank.now >= time, "awake at \(rank.now), before \(time)")
            try await rank.sleep(until: .zero)
        },
        Conformance("posted messages arrive although their sender has ended", ranks: 2) { rank in
            let count = 10
            guard rank.index == 0 else {
                for number in 0..<count { try rank.post(message(number, elements: 5_000), to: 0) }
                return
            }
            for number in 0..<count {
                let message = try await rank.receive(from: 1)
                try expect(message?.weight == number, "\(String(describing: message?.weight)) in place of \(number)")
                try expect(message?.vector.values == Array(repeating: Float(number), count: 5_000), "numbers")
            }
            try expect(try await rank.receive(from: 1) == nil, "one more")
        },
        Conformance("a rank receives from any while others are in a collective", ranks: 3, hasCollectives: true) {
            rank in
            if rank.index == 1 { try await rank.send(message(5), to: 0) }
            if rank.index == 0 {
                let first = try await rank.receive(from: .any)
                try expect(first?.sender == 1 && first?.message.weight == 5, "\(String(describing: first))")
            }
            try await rank.barrier()
        },
    ]
}
