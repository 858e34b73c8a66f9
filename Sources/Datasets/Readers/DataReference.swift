internal import Diagnostics
package import Foundation
internal import Kernel

/// An array of numbers in a file, as task files name it: `x.npy`, `train.npz:x`, `train-images-idx3-ubyte.gz`,
/// `data.csv:label` or `data.safetensors:x`.
package struct DataReference: Hashable, Sendable {
    package enum Format: Hashable, Sendable {
        case npy, npz, csv, safetensors, idx
    }

    /// The path as written, without what stands behind the colon.
    package let path: String
    /// The array of an archive, or the column of a table; nil where none is named.
    package let key: String?
    package let format: Format

    private static let extensions: [(String, Format)] = [
        (".npy", .npy), (".npy.gz", .npy), (".npz", .npz), (".csv", .csv), (".tsv", .csv),
        (".safetensors", .safetensors),
    ]

    /// The format follows from the extension; a file of any other name is an IDX file.
    package init(_ text: String) {
        // A colon behind an extension that has keys; a path may have others.
        for (end, format) in Self.extensions where format != .npy {
            guard let range = text.range(of: end + ":", options: [.backwards]) else { continue }
            path = String(text[..<range.upperBound].dropLast())
            key = String(text[range.upperBound...])
            self.format = format
            return
        }
        (path, key) = (text, nil)
        format = Self.extensions.first { text.lowercased().hasSuffix($0.0) }?.1 ?? .idx
    }

    /// The reference as it was written.
    package var text: String { path + (key.map { ":" + $0 } ?? "") }

    /// Where the file is.
    /// - Parameter folder: in which relative paths begin.
    package func url(in folder: URL) -> URL {
        // A folder is one whether its address ends with a slash or not.
        path.hasPrefix("/") ? URL(fileURLWithPath: path) : folder.appendingPathComponent(path).standardizedFileURL
    }

    // MARK: Arrays

    /// The array, of which all but its elements is read.
    ///
    /// - Throws: ``DataError`` naming what is wrong with the file.
    /// - Precondition: no CSV file.
    func array(in folder: URL) throws(DataError) -> StoredArray {
        let url = url(in: folder)
        switch format {
        case .npy: return try NPY.array(GzipStream(url, name: path))
        case .npz: return try archived(url)
        case .safetensors: return try tensor(url)
        case .idx: return try IDXArray.array(GzipStream(url, name: path))
        case .csv: preconditionFailure("\(text): a table is no array")
        }
    }

    private func archived(_ url: URL) throws(DataError) -> StoredArray {
        let archive = try ZipArchive(url, name: path)
        let arrays = archive.members.filter { $0.name.hasSuffix(".npy") }
        let keys = arrays.map { String($0.name.dropLast(4)) }
        let found = try chosen(of: keys, "array")
        let members = arrays.filter { $0.name == found + ".npy" }
        guard members.count == 1 else {
            throw DataError("\(path) has \(members.count) arrays '\(found)'; allowed is one")
        }
        return try NPY.array(archive.contents(of: members[0], shown: "\(path):\(found)"))
    }

    private func tensor(_ url: URL) throws(DataError) -> StoredArray {
        let file = try FilePart.open(url, name: path)
        let size = try FilePart.size(of: file, name: path)
        let directory: SafetensorsDirectory
        do throws(Safetensors.Failure) {
            directory = try SafetensorsDirectory(fileCount: size) { count throws(Safetensors.Failure) in
                do throws(DataError) { return try FilePart(file, name: path, 0..<min(count, size)).read(count) } catch {
                    throw Safetensors.Failure(description: error.description)
                }
            }
        } catch { throw DataError("\(path): \(error)") }
        let key = try chosen(of: directory.tensors.keys.sorted(), "tensor")
        guard let entry = directory.tensors[key] else { throw DataError("\(path) has no tensor '\(key)'") }
        guard let type = Self.types[entry.dtype] else {
            throw DataError(
                "\(path): tensor '\(key)' is of type \(entry.dtype); allowed are \(Self.types.keys.sorted().joined(separator: ", "))"
            )
        }
        return try StoredArray(
            FilePart(file, name: "\(path):\(key)", entry.bytes), shape: entry.shape,
            type: ElementType(kind: type.0, size: type.1, description: entry.dtype))
    }

    private static let types: [String: (ElementType.Kind, Int)] = [
        "BOOL": (.boolean, 1), "U8": (.unsigned, 1), "U16": (.unsigned, 2), "U32": (.unsigned, 4),
        "U64": (.unsigned, 8),
        "I8": (.signed, 1), "I16": (.signed, 2), "I32": (.signed, 4), "I64": (.signed, 8), "F16": (.float, 2),
        "BF16": (.brainFloat, 2), "F32": (.float, 4), "F64": (.float, 8),
    ]

    /// The key that is named, or the only one.
    private func chosen(of keys: [String], _ what: String) throws(DataError) -> String {
        guard !keys.isEmpty else { throw DataError("\(path) has no \(what)s") }
        guard let key else {
            guard keys.count == 1 else {
                throw DataError(
                    "\(path) has \(keys.count) \(what)s; name one, such as \(path):\(keys[0]); it has \(keys.joined(separator: ", "))"
                )
            }
            return keys[0]
        }
        guard keys.contains(key) else {
            throw DataError("\(path): " + UnknownName.message(what, found: key, allowed: keys))
        }
        return key
    }
}
