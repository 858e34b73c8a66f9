/// Things that stay where they are until they are taken out, each known by the number of its place; places are used again.
struct Slots<Element> {
    private var elements: [Element?] = []
    private var free: [Int] = []

    /// - Returns: the element's place.
    mutating func insert(_ element: Element) -> Int {
        guard let place = free.popLast() else {
            elements.append(element)
            return elements.count - 1
        }
        elements[place] = element
        return place
    }

    /// What is at a place, which must be occupied.
    subscript(place: Int) -> Element {
        guard let element = elements[place] else { preconditionFailure("nothing is at place \(place)") }
        return element
    }

    /// Takes out what is at a place, which must be occupied.
    mutating func take(_ place: Int) -> Element {
        guard let element = elements[place].take() else { preconditionFailure("nothing is at place \(place)") }
        free.append(place)
        return element
    }
}
