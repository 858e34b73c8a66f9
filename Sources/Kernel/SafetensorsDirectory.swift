/// Where the tensors of a safetensors file lie, for who reads one of them without the others.
package struct SafetensorsDirectory: Sendable {
    package struct Entry: Hashable, Sendable {
        /// Such as `F32`.
        package let dtype: String
        package let shape: [Int]
        /// Of the file's bytes.
        package let bytes: Range<Int>
    }

    package let tensors: [String: Entry]

    /// - Parameters:
    ///   - fileCount: the bytes of the file.
    ///   - read: the first so many bytes of the file.
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
