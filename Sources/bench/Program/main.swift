import BenchCommands

await BenchProgram.main()
