// swift-tools-version: 6.2
import PackageDescription

/// A package with a strategy, a task and a cluster of its own. CI builds and runs it; it is what the guide's page about the
/// library shows.
let package = Package(
    name: "example",
    platforms: [.macOS(.v15)],
    dependencies: [.package(name: "distributed-training-bench", path: "../..")],
    targets: [
        .executableTarget(
            name: "example",
            dependencies: [
                .product(name: "BenchCommands", package: "distributed-training-bench"),
                .product(name: "DistributedTraining", package: "distributed-training-bench"),
                .product(name: "TrainingComparison", package: "distributed-training-bench"),
            ]),
        .executableTarget(
            name: "in-code",
            dependencies: [.product(name: "TrainingComparison", package: "distributed-training-bench")]),
    ],
    swiftLanguageModes: [.v6]
)
