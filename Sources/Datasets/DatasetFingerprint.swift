package import Kernel

extension Dataset {
    /// Of everything that decides what is learned from the data: labels, pixels, and what the pixels mean.
    package var fingerprint: Fingerprint {
        var fingerprint = Fingerprint()
        fingerprint.add(UInt64(classCount))
        fingerprint.add(UInt64(white.bitPattern))
        labels.withUnsafeBytes { fingerprint.add($0) }
        pixels.withUnsafeBytes { fingerprint.add($0) }
        return fingerprint
    }
}
