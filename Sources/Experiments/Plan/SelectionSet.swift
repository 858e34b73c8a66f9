/// The samples that accuracy is measured on.
public enum SelectionSet: String, CaseIterable, Codable, Sendable {
    /// A sixth of the training set, drawn by the seed: options chosen on it are chosen without the test set.
    case validation
    /// The test set: its figures for options that were chosen on it are too optimistic.
    case test

    /// The name of the set, as in ``Tuning/chosenOn``.
    public var title: String { self == .test ? "test set" : "validation split" }
}
