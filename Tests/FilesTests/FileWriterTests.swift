import Files
import Foundation
import Testing

@Suite struct FileWriterTests {
    @Test func aNewFileHasThePermissionsOfThoseThatTheUserMakes() throws {
        try withFolder { folder in
            let mask = umask(0)
            umask(mask)
            try DurableFile.write(Data("new".utf8), to: "\(folder)/file")
            #expect(try text("\(folder)/file") == "new")
            #expect(mode("\(folder)/file") & 0o777 == 0o666 & ~mask)
            #expect(try names(in: folder) == ["file"])
        }
    }

    @Test(arguments: [mode_t(0o600), 0o640, 0o664, 0o755])
    func aFileThatIsReplacedKeepsItsPermissions(_ permissions: mode_t) throws {
        try withFolder { folder in
            try write("old", "\(folder)/file")
            chmod("\(folder)/file", permissions)
            try DurableFile.write(Data("new".utf8), to: "\(folder)/file")
            #expect(try text("\(folder)/file") == "new")
            #expect(mode("\(folder)/file") & 0o7777 == permissions)
        }
    }

    /// The last one leads to a file that is yet to be made.
    @Test(arguments: [["file"], ["\u{0}/file"], ["second", "file"], ["made/file"]])
    func aLinkStaysAndTheFileThatItLeadsToIsReplaced(_ targets: [String]) throws {
        try withFolder { folder in
            try FileManager.default.createDirectory(atPath: "\(folder)/made", withIntermediateDirectories: true)
            let isMissing = targets == ["made/file"]
            if !isMissing { try write("old", "\(folder)/file") }
            let links = ["link", "second"].prefix(targets.count)
            for (link, target) in zip(links, targets) {
                symlink(target.replacingOccurrences(of: "\u{0}", with: folder), "\(folder)/\(link)")
            }
            try DurableFile.write(Data("new".utf8), to: "\(folder)/link")
            for link in links { #expect(mode("\(folder)/\(link)") & S_IFMT == S_IFLNK, "\(link)") }
            #expect(try text("\(folder)/\(isMissing ? "made/" : "")file") == "new")
            #expect(try !names(in: folder).contains { $0.hasPrefix(".tmp-") })
        }
    }

    @Test func linksInACircleAreAnError() throws {
        try withFolder { folder in
            symlink("b", "\(folder)/a")
            symlink("a", "\(folder)/b")
            #expect(throws: FileError(ELOOP)) { try DurableFile.write(Data(), to: "\(folder)/a") }
        }
    }

    /// The test names the device by way of a link, so that a program that replaces devices would do no harm.
    @Test func aDeviceIsWrittenToAndNotReplaced() throws {
        try withFolder { folder in
            symlink("/dev/null", "\(folder)/null")
            symlink("/dev/full", "\(folder)/full")
            try DurableFile.write(Data("gone".utf8), to: "\(folder)/null")
            #if os(Linux)
                #expect(throws: FileError(ENOSPC)) { try DurableFile.write(Data("no room".utf8), to: "\(folder)/full") }
            #endif
            #expect(try names(in: folder) == ["full", "null"])
            for name in ["full", "null"] { #expect(mode("\(folder)/\(name)") & S_IFMT == S_IFLNK) }
            #expect(mode("/dev/null") & S_IFMT == S_IFCHR)
        }
    }

    @Test func aPipeGetsTheBytesAndStays() throws {
        try withFolder { folder in
            let pipe = "\(folder)/pipe"
            mkfifo(pipe, 0o600)
            // Open for both, so that neither end waits for the other.
            let reader = open(pipe, O_RDWR)
            defer { close(reader) }
            try DurableFile.write(Data("through".utf8), to: pipe)
            var buffer = [UInt8](repeating: 0, count: 16)
            let count = read(reader, &buffer, buffer.count)
            #expect(String(decoding: buffer.prefix(max(0, count)), as: UTF8.self) == "through")
            #expect(mode(pipe) & S_IFMT == S_IFIFO)
        }
    }

    #if os(Linux)
        /// As with `/dev/stdout`: what is written by its name goes on behind what was written by its number.
        @Test func aDescriptorsNameSharesItsPlaceInTheFile() throws {
            try withFolder { folder in
                let descriptor = open("\(folder)/file", O_WRONLY | O_CREAT, 0o600)
                defer { close(descriptor) }
                _ = write(descriptor, "one ", 4)
                try DurableFile.write(Data("two ".utf8), to: "/dev/fd/\(descriptor)")
                _ = write(descriptor, "three", 5)
                #expect(try text("\(folder)/file") == "one two three")
            }
        }
    #endif

    @Test func aNameThatIsAsLongAsNamesMayBeCanBeWritten() throws {
        try withFolder { folder in
            let name = String(repeating: "n", count: 255)
            try DurableFile.write(Data("x".utf8), to: "\(folder)/\(name)")
            #expect(try names(in: folder) == [name])
        }
    }

    @Test func whatIsGivenUpLeavesTheOldFileAndNothingBeside() throws {
        try withFolder { folder in
            try write("old", "\(folder)/file")
            do {
                let writer = try FileWriter("\(folder)/file")
                try Data("half".utf8).withUnsafeBytes { try writer.write($0) }
                #expect(try names(in: folder).count == 2)
            }
            #expect(try names(in: folder) == ["file"])
            #expect(try text("\(folder)/file") == "old")
        }
    }

    @Test func whatCannotBeWrittenIsAnErrorWithTheSystemsReason() throws {
        try withFolder { folder in
            #expect(throws: FileError(ENOENT)) { try DurableFile.write(Data(), to: "\(folder)/none/file") }
            #expect(throws: FileError(EISDIR)) { try DurableFile.write(Data(), to: folder) }
            #expect(throws: FileError(EISDIR)) { try DurableFile.write(Data(), to: "\(folder)/") }
            if geteuid() != 0 {
                try write("old", "\(folder)/protected")
                chmod("\(folder)/protected", 0o444)
                #expect(throws: FileError(EACCES)) { try DurableFile.write(Data(), to: "\(folder)/protected") }
                #expect(throws: FileError(EACCES)) { try DurableFile.requireWritable(file: "\(folder)/protected") }
            }
        }
    }
}
