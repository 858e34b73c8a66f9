extension TrainTestSplit {
    /// What the samples, their labels, targets and users take in memory while a job runs, before batches are made of them.
    package var storedBytes: Int {
        // All windows share one text, of which each is a place.
        let texts = [training, test].compactMap { ($0.source as? TextWindows)?.text }
        let text = texts.count == 2 && texts[0] == texts[1] ? texts[0].count : texts.reduce(0) { $0 + $1.count }
        return training.storedBytes + test.storedBytes + text
    }
}

extension Dataset {
    /// Bytes of the samples and what belongs to each; a text that windows share is not among them.
    fileprivate var storedBytes: Int {
        let sample: Int
        switch source {
        case is TextWindows: sample = MemoryLayout<Int32>.size
        case is ByteImages: sample = shape.count
        default: sample = shape.count * MemoryLayout<Float>.size
        }
        let user = users == nil ? 0 : MemoryLayout<UInt16>.size
        return count * (sample + MemoryLayout<UInt8>.size + user + targetCount * MemoryLayout<Float>.size)
    }
}
