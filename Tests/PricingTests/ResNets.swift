/// The tensors of ResNet-50 (K. He et al. 2016, *Deep Residual Learning for Image Recognition*, table 1) with batch normalisation
/// behind every convolution, in the order of PyTorch's `named_parameters`: what DistributedDataParallel fills its buckets with.
enum ResNet50 {
    static let tensors: [(name: String, numbers: Int)] = {
        var tensors: [(name: String, numbers: Int)] = []
        func convolution(_ name: String, _ normalisation: String, _ inputs: Int, _ outputs: Int, _ side: Int) {
            tensors.append(("\(name).weight", outputs * inputs * side * side))
            tensors.append(("\(normalisation).weight", outputs))
            tensors.append(("\(normalisation).bias", outputs))
        }
        convolution("conv1", "bn1", 3, 64, 7)
        var channels = 64
        for (stage, blocks) in [3, 4, 6, 3].enumerated() {
            let width = 64 << stage
            for block in 0..<blocks {
                let name = "layer\(stage + 1).\(block)"
                convolution("\(name).conv1", "\(name).bn1", channels, width, 1)
                convolution("\(name).conv2", "\(name).bn2", width, width, 3)
                convolution("\(name).conv3", "\(name).bn3", width, 4 * width, 1)
                if block == 0 { convolution("\(name).downsample.0", "\(name).downsample.1", channels, 4 * width, 1) }
                channels = 4 * width
            }
        }
        tensors.append(("fc.weight", 1000 * 2048))
        tensors.append(("fc.bias", 1000))
        return tensors
    }()
}

/// The tensors of the ResNet-18 of `Benchmarks/profile_torch.py`, for images of 32 x 32 with 32 channels in the first stage, in the
/// order of PyTorch's `named_parameters`.
enum NarrowResNet18 {
    static let tensors: [(name: String, numbers: Int)] = {
        var tensors: [(name: String, numbers: Int)] = []
        func convolution(_ name: String, _ normalisation: String, _ inputs: Int, _ outputs: Int, _ side: Int) {
            tensors.append(("\(name).weight", outputs * inputs * side * side))
            tensors.append(("\(normalisation).weight", outputs))
            tensors.append(("\(normalisation).bias", outputs))
        }
        convolution("stem.0", "stem.1", 3, 32, 3)
        var channels = 32
        for stage in 0..<4 {
            let width = 32 << stage
            for block in 0..<2 {
                let name = "blocks.\(2 * stage + block)"
                convolution("\(name).conv1", "\(name).bn1", channels, width, 3)
                convolution("\(name).conv2", "\(name).bn2", width, width, 3)
                if channels != width { convolution("\(name).shortcut.0", "\(name).shortcut.1", channels, width, 1) }
                channels = width
            }
        }
        tensors.append(("fc.weight", 10 * 256))
        tensors.append(("fc.bias", 10))
        return tensors
    }()
}
