// swift-tools-version: 6.2
import PackageDescription

// Flags are the same whether this package is built by itself or as a dependency of another. Since tools version 6.2, SwiftPM
// takes a dependency with `unsafeFlags` by its version too; with an older tools version it would refuse one.

/// `BENCH_WARNINGS_AS_ERRORS=1 swift build` is what CI runs; users of a newer compiler are not stopped by its new warnings.
/// A setting of SwiftPM's own, which it leaves out where it builds a dependency without any warnings.
let strict: [SwiftSetting] =
    Context.environment["BENCH_WARNINGS_AS_ERRORS"] == nil ? [] : [.treatAllWarnings(as: .error)]

/// Targets whose code runs inside a training step or a simulated message. `swift run` builds for debugging; without
/// this a debug build trains tens of times slower, and everybody's first impression would be wrong. Optimising takes most of the
/// time of a first build, and a third less where the compiler sees a whole target at once.
let hot: [SwiftSetting] =
    strict
    + [
        .unsafeFlags(
            ["-O", "-whole-module-optimization", "-disable-batch-mode", "-num-threads", "2"],
            .when(configuration: .debug))
    ]

/// The same for targets of one file: as a whole target, the compiler would write their object file into the working directory.
let hotFile: [SwiftSetting] = strict + [.unsafeFlags(["-O"], .when(configuration: .debug))]

/// Targets with loops over numbers: for processors with AVX2 and FMA (Intel since 2013, AMD since 2015), which the
/// program checks when it starts. `BENCH_BASELINE_PROCESSOR=1 swift build` builds for older ones.
#if arch(x86_64)
    let isForOlderProcessors = Context.environment["BENCH_BASELINE_PROCESSOR"] != nil
    let numeric =
        hot
        + (isForOlderProcessors ? [.define("BASELINE_PROCESSOR")] : [.unsafeFlags(["-Xcc", "-march=x86-64-v3"])])
    let processor: [SwiftSetting] = isForOlderProcessors ? [] : [.define("REQUIRES_AVX2")]
    /// For processors with AVX-512, called only where the program finds itself on one.
    let wide = hotFile + [.unsafeFlags(["-Xcc", "-march=x86-64-v4", "-Xcc", "-mprefer-vector-width=512"])]
#else
    let numeric = hot
    let wide = hotFile
    let processor: [SwiftSetting] = []
#endif

/// What pkg-config calls the MPI to build with, for the trait MPI: Debian's default one, or by `BENCH_MPI=mpich` another.
let mpi = Context.environment["BENCH_MPI"] ?? "mpi-c"

let package = Package(
    name: "distributed-training-bench",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "bench", targets: ["bench"]),
        // To write strategies, to compare them, and to hand them to the whole command line.
        .library(name: "DistributedTraining", targets: ["DistributedTraining"]),
        .library(name: "TrainingComparison", targets: ["TrainingComparison"]),
        .library(name: "BenchCommands", targets: ["BenchCommands"]),
    ],
    traits: [
        .trait(name: "MPI", description: "Strategies on real clusters: --fabric mpi, under mpirun or Slurm.")
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
    ],
    targets: [
        .systemLibrary(
            name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"]), .brew(["openblas"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
        // Digests; on Apple's systems CryptoKit has them.
        .systemLibrary(
            name: "CLibcrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"]), .brew(["openssl"])]),
        .systemLibrary(name: "CMPISystem", pkgConfig: mpi, providers: [.apt(["libopenmpi-dev"]), .brew(["open-mpi"])]),
        // Without the trait it is empty, and nothing needs MPI.
        .target(
            name: "CMPI", dependencies: [.target(name: "CMPISystem", condition: .when(traits: ["MPI"]))],
            cSettings: [.define("BENCH_MPI", .when(traits: ["MPI"]))]),
        // Which commit was built: the plugin's script writes it down, and nothing else is compiled when it changes.
        .plugin(
            name: "RecordCommit", capability: .buildTool(), path: "Sources/RecordCommit", exclude: ["record-commit.sh"]),
        .target(name: "RecordedCommit", swiftSettings: strict, plugins: ["RecordCommit"]),
        .target(name: "CBuild", dependencies: ["RecordedCommit"]),
        // What a process gets from its system before any other code runs, and signals.
        .target(name: "CProcess"),
        .target(name: "Diagnostics", swiftSettings: strict),
        .target(
            name: "Files",
            dependencies: [.target(name: "CLibcrypto", condition: .when(platforms: [.linux]))], swiftSettings: strict),
        // How files are read that people write in YAML.
        .target(name: "YAMLFiles", dependencies: ["Diagnostics", "Yams"], swiftSettings: strict),
        .target(name: "Host", dependencies: ["CProcess"], swiftSettings: strict),
        .target(name: "Statistics", swiftSettings: strict),
        .target(name: "Locking", swiftSettings: hotFile),
        .target(name: "Randomness", swiftSettings: hot),
        // A module of its own, whose functions are all inlined into others.
        .target(name: "Lanes", swiftSettings: numeric),
        .target(name: "CProcessor"),
        .target(name: "WideProducts", swiftSettings: wide),
        .target(
            name: "Kernel",
            dependencies: [
                "COpenBLAS", "CProcessor", "Diagnostics", "Host", "Lanes", "Locking", "Randomness", "WideProducts",
            ],
            swiftSettings: numeric),
        // The assembler copies the files of the embedded data into the program: arrays of their numbers would take Swift minutes
        // to compile.
        .target(name: "CEmbeddedData"),
        .target(name: "EmbeddedData", dependencies: ["CEmbeddedData"], swiftSettings: strict),
        .target(
            name: "Datasets",
            dependencies: [
                "CZlib", "Diagnostics", "EmbeddedData", "Files", "Host", "Kernel", "Locking", "Randomness",
                "Statistics",
            ],
            swiftSettings: numeric),
        .target(
            name: "Cluster",
            dependencies: [
                "Diagnostics", "Locking", "Randomness", "YAMLFiles", "Yams",
                .product(name: "HeapModule", package: "swift-collections"),
            ], swiftSettings: hot),
        .target(
            name: "Fabrics",
            dependencies: [
                "CMPI", "Cluster", "Files", "Host", "Kernel", "Locking", "Randomness",
                .product(name: "DequeModule", package: "swift-collections"),
            ],
            swiftSettings: hot),
        .target(
            name: "Training",
            dependencies: ["Cluster", "Datasets", "Diagnostics", "Fabrics", "Kernel", "Locking", "Randomness"],
            swiftSettings: hot),
        .target(
            name: "Strategies",
            dependencies: [
                "Cluster", "Datasets", "Diagnostics", "Fabrics", "Kernel", "Locking", "Randomness", "Training",
            ],
            swiftSettings: hot),
        .target(
            name: "Tasks",
            dependencies: [
                "Datasets", "Diagnostics", "Files", "Kernel", "Locking", "Randomness", "Training", "YAMLFiles", "Yams",
            ],
            swiftSettings: strict),
        .target(
            name: "Experiments",
            dependencies: [
                "CBuild", "Cluster", "Datasets", "Diagnostics", "Fabrics", "Files", "Host", "Kernel", "Locking",
                "Randomness", "Statistics", "Strategies", "Tasks", "Training",
            ],
            swiftSettings: strict + processor),
        .target(
            name: "Studies",
            dependencies: [
                "Datasets", "Diagnostics", "Experiments", "Fabrics", "Kernel", "Locking", "Randomness", "Statistics",
                "Strategies", "Tasks", "Training",
            ],
            swiftSettings: strict),
        // What a model takes that is known by a profile alone.
        .target(
            name: "Pricing",
            dependencies: [
                "Cluster", "Datasets", "Diagnostics", "Experiments", "Fabrics", "Kernel", "Randomness", "Strategies",
                "Training",
            ],
            swiftSettings: strict),
        // Measures machines and the engine.
        .target(
            name: "Calibration",
            dependencies: [
                "Cluster", "Datasets", "Diagnostics", "Experiments", "Fabrics", "Kernel", "Locking", "Randomness",
                "Statistics", "Strategies", "Tasks", "Training",
            ],
            swiftSettings: strict),
        // What a decision rests on: crossovers, regret, and what would change it.
        .target(
            name: "Advice",
            dependencies: [
                "Cluster", "Diagnostics", "Experiments", "Fabrics", "Host", "Locking", "Statistics", "Tasks",
                "Training",
            ],
            swiftSettings: strict),
        // All files that the program writes and reads again.
        .target(
            name: "Storage",
            dependencies: [
                "Cluster", "Diagnostics", "Experiments", "Fabrics", "Files", "Locking", "Studies", "Tasks", "Training",
            ],
            swiftSettings: strict),
        .target(
            name: "Reports",
            dependencies: [
                "Advice", "CZlib", "Calibration", "Cluster", "Datasets", "Diagnostics", "Experiments", "Fabrics",
                "Files", "Kernel",
                "Locking", "Pricing", "Randomness", "Statistics", "Storage", "Studies", "Tasks", "Training",
            ], swiftSettings: strict),
        .target(
            name: "RegressionGate",
            dependencies: [
                "Cluster", "Diagnostics", "Experiments", "Reports", "Statistics", "Storage", "Training",
            ],
            swiftSettings: strict),
        // The command line, for this package's program and for those of others.
        .target(
            name: "BenchCommands",
            dependencies: [
                "Advice", "CProcess", "Calibration", "Cluster", "Datasets", "Diagnostics", "Experiments", "Fabrics",
                "Files",
                "Host", "Kernel", "Locking", "Pricing", "Randomness", "RegressionGate", "Reports", "Statistics",
                "Storage", "Strategies", "Studies", "Tasks", "Training", "Yams",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Sources/bench", exclude: ["Program"], swiftSettings: strict),
        .executableTarget(
            name: "bench", dependencies: ["BenchCommands"], path: "Sources/bench/Program", swiftSettings: strict),
        // One import each for those who use this package.
        .target(
            name: "DistributedTraining",
            dependencies: ["Cluster", "Datasets", "Fabrics", "Kernel", "Randomness", "Strategies", "Training"],
            swiftSettings: strict),
        .target(
            name: "TrainingComparison",
            dependencies: [
                "DistributedTraining", "Experiments", "Reports", "Statistics", "Storage", "Studies", "Tasks",
            ],
            swiftSettings: strict),
        .testTarget(name: "DiagnosticsTests", dependencies: ["Diagnostics"], swiftSettings: strict),
        .testTarget(name: "FilesTests", dependencies: ["Files"], swiftSettings: strict),
        .testTarget(name: "HostTests", dependencies: ["Host"], swiftSettings: strict),
        .testTarget(name: "StatisticsTests", dependencies: ["Statistics"], swiftSettings: strict),
        .testTarget(name: "RandomnessTests", dependencies: ["Randomness"], swiftSettings: strict),
        .target(name: "CAllocationCounter", path: "Tests/CAllocationCounter"),
        .testTarget(
            name: "KernelTests", dependencies: ["CAllocationCounter", "Kernel", "Lanes", "Randomness"],
            // What PyTorch computes, which a test reads where it is.
            exclude: ["Golden"], swiftSettings: strict),
        .testTarget(
            name: "DatasetsTests", dependencies: ["Datasets", "EmbeddedData", "Kernel", "Locking", "Randomness"],
            // Arrays that NumPy wrote, which a test reads where they are.
            exclude: ["Golden"],
            swiftSettings: strict),
        .testTarget(
            name: "ClusterTests", dependencies: ["Cluster", "Diagnostics", "Randomness"], swiftSettings: strict),
        // Programs that every fabric has to carry out alike.
        .target(
            name: "RankConformance", dependencies: ["Cluster", "Fabrics", "Kernel"], path: "Tests/RankConformance",
            swiftSettings: strict),
        .testTarget(
            name: "FabricsTests",
            dependencies: ["Cluster", "Fabrics", "Kernel", "Locking", "Randomness", "RankConformance"],
            swiftSettings: strict),
        .testTarget(
            name: "StrategiesTests",
            dependencies: [
                "CAllocationCounter", "Cluster", "Datasets", "Experiments", "Fabrics", "Kernel", "Locking",
                "Randomness", "Statistics", "Strategies", "TestSupport", "Training",
            ],
            swiftSettings: strict),
        // Plans, records and experiments as tests want them.
        .target(
            name: "TestSupport",
            dependencies: [
                "Cluster", "Datasets", "Experiments", "Fabrics", "Kernel", "Locking", "Storage", "Strategies",
                "Studies", "Tasks", "Training",
            ],
            path: "Tests/Support", swiftSettings: strict),
        .testTarget(
            name: "TasksTests", dependencies: ["Datasets", "Kernel", "Randomness", "Tasks", "TestSupport", "Training"],
            swiftSettings: strict),
        .testTarget(
            name: "ExperimentsTests", dependencies: ["Experiments", "RegressionGate", "Reports", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "StudiesTests", dependencies: ["Reports", "Studies", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "PricingTests",
            dependencies: ["Cluster", "Fabrics", "Kernel", "Pricing", "Randomness", "Strategies", "Training"],
            swiftSettings: strict),
        .testTarget(
            name: "CalibrationTests", dependencies: ["Calibration", "Reports", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "AdviceTests", dependencies: ["Advice", "Reports", "TestSupport"],
            // Pictures that were looked at, which a test reads where they are.
            exclude: ["Golden"], swiftSettings: strict),
        .testTarget(
            name: "StorageTests", dependencies: ["Reports", "Storage", "TestSupport"],
            // Files that older versions of the program wrote, which a test reads where they are.
            exclude: ["Schemas"], swiftSettings: strict),
        .testTarget(
            name: "ReportsTests", dependencies: ["Datasets", "RegressionGate", "Reports", "TestSupport"],
            // Pictures that were looked at, which a test reads where they are.
            exclude: ["Golden"], swiftSettings: strict),
        .testTarget(
            name: "RegressionGateTests", dependencies: ["RegressionGate", "Reports", "TestSupport"],
            // Pictures that were looked at, which a test reads where they are.
            exclude: ["Golden"], swiftSettings: strict),
        .executableTarget(
            name: "emulation-times", dependencies: ["Cluster", "Fabrics", "Kernel", "Randomness"],
            path: "Benchmarks/Emulation", swiftSettings: strict),
        .executableTarget(
            name: "mpi-conformance", dependencies: ["Cluster", "Fabrics", "Kernel", "RankConformance"],
            path: "Tests/MPIConformance", swiftSettings: strict),
        // Inputs for everything that reads, the process that tries them, and what holds the corpus.
        .target(
            name: "Fuzzing",
            dependencies: [
                "CZlib", "Cluster", "Datasets", "Diagnostics", "Experiments", "Fabrics", "Files", "Kernel", "Locking",
                "Pricing", "Randomness", "RegressionGate", "Reports", "Storage", "Strategies", "Studies", "Tasks",
                "Training",
            ],
            path: "Tests/Fuzz/Fuzzing", swiftSettings: hot),
        .executableTarget(
            name: "fuzz-readers",
            dependencies: ["Fuzzing", .product(name: "ArgumentParser", package: "swift-argument-parser")],
            path: "Tests/Fuzz/Driver", swiftSettings: strict),
        .testTarget(
            name: "FuzzingTests", dependencies: ["Fuzzing", "fuzz-readers"], path: "Tests/Fuzz/FuzzingTests",
            swiftSettings: strict),
        .testTarget(
            name: "benchTests",
            dependencies: [
                "BenchCommands", "bench", "mpi-conformance", "Fuzzing", "Cluster", "Datasets", "Diagnostics",
                "Experiments", "Fabrics", "Kernel", "Locking", "Reports", "Storage", "Strategies", "Studies", "Tasks",
                "Training",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ], swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6]
)

// `BENCH_ENGINE_BENCHMARKS=1 swift package benchmark` measures the engine. Nobody else needs the benchmark package, whose plugin
// makes every build begin with a program of its own and a second copy of swift-argument-parser.
// Older compilers get a manifest of that package that wants an older swift-argument-parser than this one does.
#if compiler(>=6.3)
    if Context.environment["BENCH_ENGINE_BENCHMARKS"] != nil {
        package.dependencies.append(
            // Without its traits, which count memory allocations and retains by libraries of their own.
            .package(url: "https://github.com/ordo-one/benchmark", from: "1.38.0", traits: []))
        package.targets.append(
            .executableTarget(
                name: "EngineBenchmarks",
                dependencies: [
                    "Cluster", "Datasets", "Experiments", "Fabrics", "Kernel", "Randomness", "Strategies", "Tasks",
                    "Training",
                    .product(name: "Benchmark", package: "benchmark"),
                ],
                path: "Benchmarks/EngineBenchmarks", swiftSettings: strict,
                plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")]))
    }
#endif

// `BENCH_TESTS=FabricsTests swift test` builds these test targets and what they need, and nothing else: for builds of a second
// kind, such as one for a sanitizer, that are wanted for a part of the tests only.
if let named = Context.environment["BENCH_TESTS"] {
    var (needed, open) = (Set<String>(), named.split(separator: ",").map(String.init))
    while let name = open.popLast() {
        guard needed.insert(name).inserted else { continue }
        guard let target = package.targets.first(where: { $0.name == name }) else {
            fatalError("BENCH_TESTS names '\(name)', which is no target of this package")
        }
        for dependency in target.dependencies {
            switch dependency {
            case .targetItem(let name, _), .byNameItem(let name, _):
                if package.targets.contains(where: { $0.name == name }) { open.append(name) }
            default: break
            }
        }
        for case .plugin(let name, nil) in target.plugins ?? [] { open.append(name) }
    }
    package.targets.removeAll { !needed.contains($0.name) }
    package.products.removeAll()
}
