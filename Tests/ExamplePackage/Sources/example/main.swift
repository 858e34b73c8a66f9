import BenchCommands

await BenchProgram.main(strategies: [.parameterMixing, .blockMomentum], tasks: [.stripes], clusters: [.laboratory])
