/// Where the tensors of a safetensors file lie, for readers of one tensor without the others.
package struct SafetensorsDirectory: Sendable {
    package struct Entry: Hashable, Sendable {
        /// The type of an element, such as `F32`.
        package let dtype: String
        package let shape: [Int]
        /// Where the tensor's bytes lie in the file.
        package let bytes: Range<Int>
    }

    package let tensors: [String: Entry]

    /// - Parameters:
    ///   - fileCount: how many bytes the file has.
    ///   - read: returns the first so many bytes of the file.
    /// - Throws: ``Safetensors/Failure`` for what the format forbids.
    package init(
        fileCount: Int, read: (_ count: Int) throws(Safetensors.Failure) -> [UInt8]
    ) throws(Safetensors.Failure) {
        let start = try SafetensorsHeader.dataStart(read(8), fileCount: fileCount)
        let header = try SafetensorsHeader(beginning: read(start), fileCount: fileCount)
        try header.checkData()
        tensors = header.tensors.mapValues { entry in
            let range = entry.dataOffsets[0] + start..<entry.dataOffsets[1] + start
            return Entry(dtype: entry.dtype, shape: entry.shape, bytes: range)
        }
    }
}
