package import Cluster
package import Kernel

extension ComputeWork {
    /// The work with what its steps' updates take beyond that of SGD, which is part of a step's time: passes over the model's
    /// vectors (``Optimizer/Configuration/furtherVectorPasses``).
    package func updating(by optimizer: Optimizer.Configuration, parameters: Int) -> Self {
        var work = self
        let passes = Double(fullSteps + shortSteps) * optimizer.furtherVectorPasses
        work.vectorElements += Int((passes * Double(parameters)).rounded())
        return work
    }
}
