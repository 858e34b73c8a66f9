import HeapModule

/// Flows that share links at max-min fair rates, found by progressive filling: all flows' rates grow alike until a link
/// is full, whose flows keep what they have, and so on (Bertsekas and Gallager 1992, section 6.5.2).
///
/// Rates change when a flow starts or ends, and only those of flows that share a link with it, or with one that does
/// ...: the connected component of the links concerned. All changes of a moment are taken together. A flow that shares
/// no link has the rate of its narrowest one, which needs no search.
struct MaxMinSharing: Sendable {
    private struct Flow: Sendable {
        var links: [Int32] = []
        /// Where the flow is in the lists of its links.
        var positions: [Int32] = []
        var owner = 0
        /// Bytes to go at `since`.
        var remaining = 0.0
        /// Bytes a second since `since`; 0 until the rate is worked out.
        var rate = 0.0
        var since: Int64 = 0
        /// The sequence number of this flow's valid entry in the queue of ends; -1 while it has none. Other entries are
        /// stale.
        var sequence = -1
        var seen = 0
        var filled = 0
        var newRate = 0.0
    }

    /// A link that is being filled.
    private struct Filling: Comparable {
        let share: Double
        let link: Int32

        static func < (left: Self, right: Self) -> Bool { (left.share, left.link) < (right.share, right.link) }
    }

    private let capacities: [Double]
    private var flows: [Flow] = []
    private var free: [Int] = []
    private var flowsOfLink: [[Int32]]
    private var ends = EventQueue()
    private var scheduled = 0
    /// Links whose flows' rates have to be worked out again.
    private var changed: [Int32] = []
    private var epoch = 0
    private var seenLink: [Int]
    private var unfilled: [Double]
    private var open: [Int32]

    /// - Parameter capacities: bytes a second of each link, by its number.
    init(capacities: [Double]) {
        self.capacities = capacities
        flowsOfLink = Array(repeating: [], count: capacities.count)
        seenLink = Array(repeating: 0, count: capacities.count)
        unfilled = capacities
        open = Array(repeating: 0, count: capacities.count)
    }

    /// - Parameter owner: what ``popEnded()`` will return.
    mutating func start(owner: Int, bytes: Int, links: [Int32], at now: VirtualTime) {
        let id = free.popLast() ?? flows.count
        if id == flows.count { flows.append(Flow()) }
        flows[id].links = links
        flows[id].positions.removeAll(keepingCapacity: true)
        flows[id].owner = owner
        flows[id].remaining = Double(bytes)
        flows[id].rate = 0
        flows[id].since = now.nanoseconds
        flows[id].sequence = -1
        var isAlone = true
        var narrowest = Double.infinity
        for link in links {
            flows[id].positions.append(Int32(flowsOfLink[Int(link)].count))
            flowsOfLink[Int(link)].append(Int32(id))
            if flowsOfLink[Int(link)].count > 1 { isAlone = false }
            narrowest = min(narrowest, capacities[Int(link)])
        }
        if isAlone { set(id, narrowest, at: now.nanoseconds) } else { changed += links }
    }

    /// When the next flow ends, if nothing else happens before `other`; works out rates that have changed if time is
    /// going to pass.
    mutating func nextEnd(before other: VirtualTime?, at now: VirtualTime) -> VirtualTime? {
        dropStale()
        if let first = ends.min, first.nanoseconds <= now.nanoseconds { return now }
        if !changed.isEmpty {
            if let other, other <= now { return nil }
            settle(at: now.nanoseconds)
            dropStale()
        }
        guard let first = ends.min else { return nil }
        if let other, other.nanoseconds <= first.nanoseconds { return nil }
        return VirtualTime(nanoseconds: first.nanoseconds)
    }

    /// Ends the flow that ``nextEnd(before:at:)`` has announced; returns its owner.
    mutating func popEnded() -> Int {
        guard let id = ends.popMin()?.item else { preconditionFailure("no flow has ended") }
        remove(id)
        return flows[id].owner
    }

    /// Ends flows before their bytes have gone; returns the owners for which `isCut` says so, in ascending order.
    mutating func cut(where isCut: (_ owner: Int) -> Bool) -> [Int] {
        let ids = flows.indices.filter { !flows[$0].links.isEmpty && isCut(flows[$0].owner) }
        for id in ids { remove(id) }
        return ids.map { flows[$0].owner }.sorted()
    }

    private mutating func remove(_ id: Int) {
        for (hop, link) in flows[id].links.enumerated() {
            let position = Int(flows[id].positions[hop])
            guard let last = flowsOfLink[Int(link)].popLast() else { continue }
            if Int(last) != id {
                flowsOfLink[Int(link)][position] = last
                if let moved = flows[Int(last)].links.firstIndex(of: link) {
                    flows[Int(last)].positions[moved] = Int32(position)
                }
            }
            if !flowsOfLink[Int(link)].isEmpty { changed.append(link) }
        }
        flows[id].links = []
        flows[id].sequence = -1
        free.append(id)
    }

    private mutating func dropStale() {
        while let first = ends.min, flows[first.item].sequence != first.sequence { _ = ends.popMin() }
    }

    private mutating func set(_ id: Int, _ rate: Double, at now: Int64) {
        flows[id].remaining -= flows[id].rate * (Double(now - flows[id].since) / 1e9)
        flows[id].since = now
        flows[id].rate = rate
        let span = VirtualTime.span(seconds: max(0, flows[id].remaining) / rate)
        flows[id].sequence = scheduled
        ends.insert(id, at: VirtualTime(nanoseconds: now).later(by: span).nanoseconds, sequence: scheduled)
        scheduled += 1
    }

    // MARK: Filling

    private mutating func settle(at now: Int64) {
        epoch += 1
        for link in changed where seenLink[Int(link)] != epoch { fill(component(of: link), at: now) }
        changed.removeAll(keepingCapacity: true)
    }

    /// All links that share flows with `link`, directly or over others.
    private mutating func component(of link: Int32) -> [Int32] {
        var links = [link]
        seenLink[Int(link)] = epoch
        var next = 0
        while next < links.count {
            for id in flowsOfLink[Int(links[next])] where flows[Int(id)].seen != epoch {
                flows[Int(id)].seen = epoch
                for other in flows[Int(id)].links where seenLink[Int(other)] != epoch {
                    seenLink[Int(other)] = epoch
                    links.append(other)
                }
            }
            next += 1
        }
        return links
    }

    private mutating func fill(_ links: [Int32], at now: Int64) {
        var fillings: [Filling] = []
        for link in links where !flowsOfLink[Int(link)].isEmpty {
            unfilled[Int(link)] = capacities[Int(link)]
            open[Int(link)] = Int32(flowsOfLink[Int(link)].count)
            fillings.append(Filling(share: capacities[Int(link)] / Double(open[Int(link)]), link: link))
        }
        var heap = Heap(fillings)
        var level = 0.0
        while let filling = heap.popMin() {
            let link = Int(filling.link)
            guard open[link] > 0 else { continue }
            let share = unfilled[link] / Double(open[link])
            // Others may have taken less than their share since; then it is not yet this link's turn.
            if share > filling.share {
                heap.insert(Filling(share: share, link: filling.link))
                continue
            }
            // Levels only rise; what differs is rounding.
            level = max(level, share)
            for id in flowsOfLink[link] where flows[Int(id)].filled != epoch {
                flows[Int(id)].filled = epoch
                flows[Int(id)].newRate = level
                for other in flows[Int(id)].links {
                    unfilled[Int(other)] -= level
                    open[Int(other)] -= 1
                }
            }
        }
        for filling in fillings {
            for id in flowsOfLink[Int(filling.link)] where flows[Int(id)].newRate != flows[Int(id)].rate {
                set(Int(id), flows[Int(id)].newRate, at: now)
            }
        }
    }

    // MARK: What repeats

    /// Appends all that decides what becomes of the flows from `now` on, relative to `now`.
    ///
    /// - Parameter owner: appends what is known of a flow's owner, since its number may differ.
    func appendState(to words: inout [Int64], at now: VirtualTime, owner: (Int, inout [Int64]) -> Void) {
        // Flows are told by the order in which links name them.
        var names: [Int: Int64] = [:]
        for (link, ids) in flowsOfLink.enumerated() where !ids.isEmpty {
            words.append(Int64(link))
            words.append(Int64(ids.count))
            for id in ids.lazy.map(Int.init) {
                if let name = names[id] {
                    words.append(name)
                    continue
                }
                let name = Int64(names.count)
                names[id] = name
                words.append(name)
                words.append(Int64(bitPattern: flows[id].remaining.bitPattern))
                words.append(Int64(bitPattern: flows[id].rate.bitPattern))
                words.append(now.nanoseconds - flows[id].since)
                owner(flows[id].owner, &words)
            }
        }
        words.append(Int64(changed.count))
        for link in changed { words.append(Int64(link)) }
        for end in ends.inOrder where flows[end.item].sequence == end.sequence {
            words.append(names[end.item] ?? -1)
            words.append(end.nanoseconds - now.nanoseconds)
        }
    }
}
