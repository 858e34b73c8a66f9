/// The samples that accuracy is measured on.
public enum SelectionSet: String, CaseIterable, Codable, Sendable {
    /// A sixth of the training set, drawn by the seed: options that are chosen on it know nothing of the test set.
    case validation
    /// The test set: figures of the chosen options on it are too good.
    case test

    /// As ``Tuning/chosenOn`` has it.
    public var title: String { self == .test ? "test set" : "validation split" }
}
