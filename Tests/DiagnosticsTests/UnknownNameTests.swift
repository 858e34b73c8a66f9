import Testing

@testable import Diagnostics

@Suite struct UnknownNameTests {
    static let allowed = ["ring", "recursive-doubling", "tree", "parameter-server"]

    @Test(arguments: [
        ("rign", "ring"), ("Tree", "tree"), ("RING", "ring"), ("recursive-doublin", "recursive-doubling"),
        ("parameterserver", "parameter-server"),
    ])
    func nearestNameIsSuggested(found: String, nearest: String) {
        let message = UnknownName.message("algorithm", found: found, allowed: Self.allowed)
        #expect(message.contains("did you mean '\(nearest)'?"), "\(message)")
    }

    @Test func farNamesAreNotGuessed() {
        let message = UnknownName.message("algorithm", found: "butterfly", allowed: Self.allowed)
        #expect(!message.contains("did you mean"), "\(message)")
        #expect(message.hasPrefix("unknown algorithm 'butterfly'. Allowed: ring, "), "\(message)")
    }

    @Test func messageNamesTheKindWhatWasFoundAndAllThatIsAllowedInOrder() {
        for found in ["rign", "butterfly", ""] {
            let message = UnknownName.message("algorithm", found: found, allowed: Self.allowed)
            #expect(message.hasPrefix("unknown algorithm '\(found)'"), "\(message)")
            #expect(message.hasSuffix("ring, recursive-doubling, tree, parameter-server"), "\(message)")
        }
        #expect(UnknownName.message("key", found: "x", allowed: []).contains("'x'"))
    }

    @Test(arguments: [
        ("", "", 0), ("", "abc", 3), ("abc", "", 3), ("kitten", "sitting", 3), ("flaw", "lawn", 2), ("same", "same", 0),
        ("ab", "ba", 2),
    ])
    func distanceIsLevenshteins(first: String, second: String, distance: Int) {
        #expect(UnknownName.distance(first, second) == distance)
        #expect(UnknownName.distance(second, first) == distance)
    }
}
