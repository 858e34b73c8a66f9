internal import Diagnostics
package import Foundation
package import Kernel

/// The features of samples, read from a file: bytes stay bytes, all else are floats.
package struct FeatureTable: Sendable {
    package enum Values: Sendable {
        /// `[N, features]`
        case bytes([UInt8])
        case floats([Float])
    }

    /// The table's name in error messages.
    package let name: String
    /// N: samples.
    package let count: Int
    /// Sizes of the dimensions of one sample, as the file has them; empty for one number.
    package let sampleShape: [Int]
    package let values: Values
    /// The names of a CSV file's columns, in the order of the features; empty for other files.
    package let columns: [String]

    /// Which columns of a table are features.
    package enum Columns: Sendable {
        /// - Parameter others: what is to be predicted, which is no feature.
        case named([String], others: [String] = [])
        /// All but those that are labels or users.
        case allBut([String])
        /// Those of the training table, by their names there and in its order.
        ///
        /// - Parameter others: beside which the table has no more columns; nil where it may have any.
        case same([String], others: [String]?)
    }

    /// - Parameters:
    ///   - folder: in which relative paths begin.
    ///   - columns: the columns of a CSV file that are features.
    ///   - hasHeading: whether the first row of a CSV file is a heading; nil to find out.
    /// - Throws: ``DataError`` for what is wrong with the file, and for a number that is infinite or NaN.
    package init(
        _ reference: DataReference, in folder: URL, columns: Columns = .allBut([]), hasHeading: Bool? = nil
    ) throws(DataError) {
        name = reference.text
        guard reference.format != .csv else {
            let table = try CSVColumns(reference.url(in: folder), name: reference.path, hasHeading: hasHeading)
            let numbers = try table.numbers(columns)
            (count, sampleShape, self.columns) = (numbers.rows, [numbers.columns.count], numbers.columns)
            values = .floats(numbers.values)
            try check(isWide: false)
            return
        }
        let array = try reference.array(in: folder)
        guard let samples = array.shape.first else {
            throw DataError("\(name): a single number; allowed is an array with a row for each sample")
        }
        (count, sampleShape, self.columns) = (samples, Array(array.shape.dropFirst()), [])
        values = array.type.isByte ? .bytes(try array.bytes()) : .floats(try array.floats())
        try check(isWide: array.type.size > MemoryLayout<Float>.size)
    }

    /// - Parameter isWide: whether the file's numbers may be beyond those of 32 bits.
    private func check(isWide: Bool) throws(DataError) {
        let size = sampleShape.reduce(1, *)
        guard count > 0, size > 0 else {
            throw DataError("\(name): \(count) samples of shape \(sampleShape); allowed are one at least of one number")
        }
        guard case .floats(let numbers) = values, let index = numbers.firstIndex(where: { !$0.isFinite }) else {
            return
        }
        let found = isWide && numbers[index].isInfinite ? "a number beyond what 32 bits hold" : "\(numbers[index])"
        throw DataError(
            """
            \(name): sample \(index / size + 1) has \(found) as its number \(index % size + 1); allowed are finite numbers\
            \(isWide ? " up to \(Format.exact(Double(Float.greatestFiniteMagnitude)))" : "")
            """)
    }

    /// The largest absolute number.
    package var largest: Float {
        switch values {
        case .bytes(let bytes): Float(bytes.max() ?? 0)
        case .floats(let floats): floats.reduce(0) { max($0, abs($1)) }
        }
    }

    /// `[N, features]`, also of bytes.
    package var floats: [Float] {
        switch values {
        case .bytes(let bytes): bytes.map(Float.init)
        case .floats(let floats): floats
        }
    }

    // MARK: Samples

    /// The shape that one sample has for a model.
    /// - Parameter shape: what is said of it; nil for what the file has.
    /// - Throws: ``DataError`` for a shape of another size, or one that is not an image's.
    package func shape(_ shape: [Int]?) throws(DataError) -> FeatureShape {
        let size = sampleShape.reduce(1, *)
        let dimensions = shape ?? sampleShape
        let (product, isAbsurd) = dimensions.reduce((1, false)) { product, extent in
            let (next, overflow) = product.0.multipliedReportingOverflow(by: extent)
            return (next, product.1 || overflow || extent < 1)
        }
        guard !isAbsurd, product == size else {
            throw DataError(
                """
                shape \(dimensions) for samples of \(size) numbers (\(sampleShape) in \(name)); allowed are up to three sizes \
                whose product is \(size)
                """)
        }
        // Images of 28x28x3 taken for 28 channels would train, and mean nothing.
        if shape == nil, dimensions.count == 3, [1, 3, 4].contains(dimensions[2]), dimensions[0] > 4 {
            throw DataError(
                """
                \(name): samples of \(dimensions), which look like images with their channels last; allowed are channels, \
                height, width, as in PyTorch: x.transpose(0, 3, 1, 2); or say with shape: that it is so
                """)
        }
        switch dimensions.count {
        case 0: return FeatureShape(features: 1)
        case 1: return FeatureShape(features: dimensions[0])
        case 2: return FeatureShape(channels: 1, height: dimensions[0], width: dimensions[1])
        case 3: return FeatureShape(channels: dimensions[0], height: dimensions[1], width: dimensions[2])
        default:
            throw DataError(
                "\(name): samples of \(dimensions); allowed are up to three dimensions: channels, height, width (shape:)"
            )
        }
    }

    /// How numbers are changed before a model sees them.
    package enum Scaling: Hashable, Sendable {
        case none
        /// Divided by it.
        case by(Float)
        /// Less the mean of the training set, and divided by its standard deviation.
        case standardised
    }

    /// The samples as a model sees them.
    package func source(_ shape: FeatureShape, _ scaling: Scaling) -> any SampleSource {
        switch (values, scaling) {
        case (.bytes(let pixels), .none): return ByteImages(shape: shape, pixels: pixels, white: 1)
        case (.bytes(let pixels), .by(let white)): return ByteImages(shape: shape, pixels: pixels, white: white)
        case (.bytes(let pixels), .standardised):
            return StandardisedFeatures(shape: shape, values: pixels.map(Float.init))
        case (.floats(let values), .none): return FloatFeatures(shape: shape, values: values)
        case (.floats(let values), .by(let white)):
            return FloatFeatures(shape: shape, values: values.map { $0 / white })
        case (.floats(let values), .standardised): return StandardisedFeatures(shape: shape, values: values)
        }
    }
}
