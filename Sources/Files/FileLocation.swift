internal import Foundation

/// Where a file that somebody names really is, and what is there: links are followed, also to a file that is yet to be made.
package struct FileLocation: Hashable {
    package enum Kind: Hashable {
        case missing
        case regular
        case folder
        /// A descriptor of this process, as `/dev/stdout` names one.
        case descriptor(Int32)
        /// A device, a pipe or a socket.
        case stream

        /// Whether bytes can only be passed on, and there is nothing that could be replaced.
        package var isPassedOn: Bool {
            switch self {
            case .descriptor, .stream: true
            case .missing, .regular, .folder: false
            }
        }
    }

    /// An absolute path without links.
    package let path: String
    package let kind: Kind

    /// The most links that are followed, as many as Linux follows.
    private static let mostLinks = 40

    /// - Throws: ``FileError`` where a folder on the way is missing or closed, or links lead in a circle.
    package init(_ name: String) throws(FileError) {
        var name = name
        for _ in 0..<Self.mostLinks {
            let (folder, last) = Self.split(name)
            let real = try Self.realPath(folder)
            guard !last.isEmpty, last != ".", last != ".." else {
                path = try Self.realPath(name)
                kind = .folder
                return
            }
            let full = real == "/" ? "/\(last)" : "\(real)/\(last)"
            if real == "/proc/\(getpid())/fd", let number = Int32(last) {
                (path, kind) = (full, .descriptor(number))
                return
            }
            var status = stat()
            guard lstat(full, &status) == 0 else {
                guard errno == ENOENT else { throw FileError() }
                (path, kind) = (full, .missing)
                return
            }
            guard status.st_mode & S_IFMT == S_IFLNK else {
                (path, kind) = (full, Self.kind(status))
                return
            }
            let target = try Self.linkTarget(full)
            name = target.hasPrefix("/") ? target : "\(real)/\(target)"
        }
        throw FileError(ELOOP)
    }

    private static func kind(_ status: stat) -> Kind {
        switch status.st_mode & S_IFMT {
        case S_IFREG: .regular
        case S_IFDIR: .folder
        default: .stream
        }
    }

    private static func split(_ name: String) -> (folder: String, last: String) {
        guard let slash = name.lastIndex(of: "/") else { return (".", name) }
        return (slash == name.startIndex ? "/" : String(name[..<slash]), String(name[name.index(after: slash)...]))
    }

    private static func realPath(_ name: String) throws(FileError) -> String {
        guard let real = realpath(name, nil) else { throw FileError() }
        defer { free(real) }
        return String(cString: real)
    }

    private static func linkTarget(_ path: String) throws(FileError) -> String {
        let capacity = Int(PATH_MAX)
        var failure: FileError?
        let target = withUnsafeTemporaryAllocation(of: CChar.self, capacity: capacity + 1) { buffer in
            guard let base = buffer.baseAddress else { return "" }
            let count = readlink(path, base, capacity)
            guard count >= 0 else {
                failure = FileError()
                return ""
            }
            base[count] = 0
            return String(cString: base)
        }
        if let failure { throw failure }
        return target
    }

    /// Equal for two names of one file, also by links and other spellings, and of a file whose folder is yet to be made; nil
    /// for what cannot be overwritten, such as a device, and for a name that leads nowhere.
    package static func identity(of name: String) -> String? {
        guard let location = try? FileLocation(name) else {
            let (folder, last) = split(name)
            guard folder != name, folder != "." else { return nil }
            // A last part that is empty or a point does not change where a name leads.
            return last.isEmpty || last == "." ? identity(of: folder) : identity(of: folder).map { "\($0)/\(last)" }
        }
        switch location.kind {
        case .descriptor, .stream: return nil
        case .missing, .folder: return location.path
        case .regular:
            // Names of one file by hard links have nothing else in common.
            var status = stat()
            guard stat(location.path, &status) == 0 else { return location.path }
            return status.st_nlink > 1 ? "\(status.st_dev):\(status.st_ino)" : location.path
        }
    }
}
