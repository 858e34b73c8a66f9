package import Foundation

/// What stands beside every sample, its label or the user whose sample it is: whole numbers, or texts.
package struct LabelColumn: Sendable {
    package enum Values: Hashable, Sendable {
        case numbers([Int])
        case texts([String])
    }

    /// The column's name in error messages.
    package let name: String
    package let values: Values

    package var count: Int {
        switch values {
        case .numbers(let numbers): numbers.count
        case .texts(let texts): texts.count
        }
    }

    init(name: String, values: Values) { (self.name, self.values) = (name, values) }

    /// How many entries there have to be.
    package struct Wanted: Sendable {
        let count: Int
        /// What the entries are called in errors, such as `labels`.
        let what: String
        /// What has the samples that the entries belong to, for errors.
        let samples: String

        package init(_ count: Int, _ what: String, of samples: String) {
            (self.count, self.what, self.samples) = (count, what, samples)
        }

        func check(_ found: Int, in name: String) throws(DataError) {
            guard found == count else {
                throw DataError(
                    "\(name) has \(found) \(what), and \(samples) \(count) samples; allowed are as many")
            }
        }
    }

    /// - Parameters:
    ///   - folder: in which relative paths begin.
    ///   - wanted: how many entries there have to be; nil for any number. An array's header gives the number, so
    ///     that a large array that cannot belong to the samples is not read.
    /// - Throws: ``DataError`` for what is wrong with the file, more than one number a sample, or a number that is
    ///   not whole.
    package init(
        _ reference: DataReference, in folder: URL, hasHeading: Bool? = nil, wanted: Wanted? = nil
    ) throws(DataError) {
        name = reference.text
        guard reference.format != .csv else {
            let table = try CSVColumns(reference.url(in: folder), name: reference.path, hasHeading: hasHeading)
            guard let column = reference.key ?? (table.width == 1 ? "1" : nil) else {
                throw DataError(
                    "\(name) has \(table.width) columns; name one, such as \(name):\(table.heading?.last ?? "\(table.width)")"
                )
            }
            let (texts, rows) = try table.texts(column, most: wanted?.count ?? .max)
            try wanted?.check(rows, in: name)
            let numbers = texts.compactMap { Int($0) }
            values = numbers.count == texts.count ? .numbers(numbers) : .texts(texts)
            return
        }
        let array = try reference.array(in: folder)
        guard let samples = array.shape.first, array.count == samples else {
            let isOneHot = array.shape.count == 2
            throw DataError(
                "\(name): shape \(array.shape); allowed is one value a sample"
                    + (isOneHot ? "; of a row for each class, save y.argmax(1)" : ""))
        }
        try wanted?.check(samples, in: name)
        values = array.type.isText ? .texts(try array.texts()) : .numbers(try array.integers())
    }

    // MARK: Labels

    /// Labels of several parts of the data, such as training and test set, in one numbering.
    package struct Classes: Sendable {
        /// How many classes there are: one more than the largest label, or the number of different texts.
        package let count: Int
        /// The texts that stand for the classes, sorted; nil where labels are numbers, which are the classes
        /// themselves.
        package let names: [String]?
        /// The labels of each part, `[N]`.
        package let labels: [[UInt8]]
    }

    /// As many classes as a label's byte can tell apart.
    package static let mostClasses = 256

    /// - Throws: ``DataError`` for a label below 0, or for too many classes.
    package static func classes(_ parts: [LabelColumn]) throws(DataError) -> Classes {
        var isText = false
        for part in parts { if case .texts = part.values { isText = true } }
        guard !isText else {
            let texts = parts.map(\.texts)
            let names = Set(texts.joined()).sorted()
            guard names.count <= mostClasses else {
                throw DataError(
                    "\(parts[0].name): \(names.count) different labels; allowed are up to \(mostClasses) classes")
            }
            let numbers = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, UInt8($0)) })
            return Classes(count: names.count, names: names, labels: texts.map { $0.compactMap { numbers[$0] } })
        }
        for part in parts {
            guard case .numbers(let numbers) = part.values else { continue }
            guard let index = numbers.firstIndex(where: { !(0..<mostClasses).contains($0) }) else { continue }
            throw DataError(
                "\(part.name): sample \(index + 1) has the label \(numbers[index]); allowed are 0 to \(mostClasses - 1), up to \(mostClasses) classes"
            )
        }
        let labels = parts.map { part -> [UInt8] in
            guard case .numbers(let numbers) = part.values else { return [] }
            return numbers.map { UInt8($0) }
        }
        return Classes(count: Int(labels.joined().max() ?? 0) + 1, names: nil, labels: labels)
    }

    private var texts: [String] {
        switch values {
        case .numbers(let numbers): numbers.map(String.init)
        case .texts(let texts): texts
        }
    }

    // MARK: Users

    /// The users of several parts' samples, numbered from 0 in the order of the numbers or texts that name them.
    package struct Users: Sendable {
        package let names: [String]
        /// The users of each part's samples, `[N]`.
        package let users: [[UInt16]]
    }

    /// - Throws: ``DataError`` for too many users.
    package static func users(_ parts: [LabelColumn]) throws(DataError) -> Users {
        let texts = parts.map(\.texts)
        var names = Array(Set(texts.joined()))
        let numbers = names.compactMap { Int($0) }
        if numbers.count == names.count { names = numbers.sorted().map(String.init) } else { names.sort() }
        guard names.count <= 1 << 16 else {
            throw DataError("\(parts[0].name): \(names.count) users; allowed are \(1 << 16)")
        }
        // A number that was written in two ways, such as 7 and 07, is one user.
        let places = Dictionary(names.enumerated().map { ($1, UInt16($0)) }) { first, _ in first }
        return Users(
            names: names,
            users: texts.map { $0.map { text in places[text] ?? Int(text).flatMap { places[String($0)] } ?? 0 } })
    }
}
