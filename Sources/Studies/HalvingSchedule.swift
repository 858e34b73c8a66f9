/// How many trials train for how long. Successive halving has rungs of growing length, each of which keeps the best
/// trials.
///
/// K. Jamieson and A. Talwalkar 2016, *Non-stochastic Best Arm Identification and Hyperparameter Optimization* (AISTATS),
/// in the form of L. Li et al. 2018, *Hyperband* (JMLR), algorithm 1, lines 5 to 9, for one bracket of n trials with at
/// most R epochs, which keeps one of η:
///
///     s ← floor(log_η n)
///     rung i of 0...s:  n_i ← floor(n / η^i) trials of r_i ← R / η^(s - i) epochs; the best floor(n_i / η) go on
package struct HalvingSchedule: Hashable, Sendable {
    package struct Rung: Hashable, Sendable {
        /// How many trials of each strategy train in the rung.
        package let trials: Int
        package let epochs: Double
    }

    package let rungs: [Rung]

    /// - Parameters:
    ///   - trials: n, the trials of each strategy.
    ///   - epochs: R, the epochs of a trial that is never stopped.
    ///   - reduction: η, 2 or more; nil for one rung with all trials.
    package init(trials: Int, epochs: Double, reduction: Int?) {
        precondition(trials > 0, "\(trials) trials")
        guard let reduction else {
            rungs = [Rung(trials: trials, epochs: epochs)]
            return
        }
        precondition(reduction > 1, "a reduction by \(reduction)")
        // Whole numbers only: log(243) / log(3) is just below 5 in floating point.
        var counts = [trials]
        while let last = counts.last, last >= reduction { counts.append(last / reduction) }
        var factor = 1.0
        var rungs: [Rung] = []
        for count in counts.reversed() {
            rungs.insert(Rung(trials: count, epochs: epochs / factor), at: 0)
            factor *= Double(reduction)
        }
        self.rungs = rungs
    }

    /// Trials that are begun, over all rungs.
    package var starts: Int { rungs.reduce(0) { $0 + $1.trials } }
    /// Epochs of one strategy and seed, over all trials and rungs.
    package var epochs: Double { rungs.reduce(0) { $0 + Double($1.trials) * $1.epochs } }
}
