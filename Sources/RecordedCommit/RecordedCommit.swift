/// What `recorded_commit()` of the target CBuild returns; ``commit`` is written by the plugin RecordCommit when something is
/// built.
@_cdecl("recorded_commit")
public func recordedCommit() -> UnsafePointer<CChar> {
    UnsafeRawPointer(commit.utf8Start).assumingMemoryBound(to: CChar.self)
}
