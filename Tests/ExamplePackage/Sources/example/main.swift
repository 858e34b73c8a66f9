import BenchCommands

await BenchProgram.main(strategies: [.parameterMixing], tasks: [.stripes], clusters: [.laboratory])
