import Files
import Foundation
import Testing

@Suite struct FileLocationTests {
    @Test func allNamesOfOneFileHaveOneIdentity() throws {
        try withFolder { folder in
            try FileManager.default.createDirectory(atPath: "\(folder)/inner", withIntermediateDirectories: true)
            try write("x", "\(folder)/file")
            symlink("file", "\(folder)/link")
            symlink(folder, "\(folder)/inner/up")
            let names = ["file", "./file", "inner/../file", "link", "inner/up/file", "inner//up/link"]
            let identities = Set(names.map { FileLocation.identity(of: "\(folder)/\($0)") })
            #expect(identities.count == 1 && !identities.contains(nil))
            #expect(FileLocation.identity(of: "\(folder)/other") != FileLocation.identity(of: "\(folder)/file"))
            link("\(folder)/file", "\(folder)/hard")
            #expect(FileLocation.identity(of: "\(folder)/hard") == FileLocation.identity(of: "\(folder)/file"))
        }
    }

    @Test func aFileInAFolderThatIsYetToBeMadeHasAnIdentity() throws {
        try withFolder { folder in
            symlink(folder, "\(folder)/link")
            let identity = FileLocation.identity(of: "\(folder)/a/b/file")
            #expect(identity != nil)
            #expect(FileLocation.identity(of: "\(folder)/link/a/b/file") == identity)
            #expect(FileLocation.identity(of: "\(folder)/a/b/./file") == identity)
            #expect(FileLocation.identity(of: "\(folder)/a/./b//file") == identity)
        }
    }

    @Test func devicesCannotBeOverwritten() throws {
        #expect(FileLocation.identity(of: "/dev/null") == nil)
        #expect(try FileLocation("/dev/null").kind == .stream)
        #if os(Linux)
            #expect(try FileLocation("/proc/self/fd/1").kind == .descriptor(1))
        #endif
    }
}
