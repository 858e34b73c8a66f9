package import Cluster
package import Experiments

/// What a figure rests on. No statement compares times of different classes.
package struct Evidence: Hashable, Sendable {
    /// Where a cluster's figures come from.
    package enum Machines: String, Codable, Sendable {
        case preset
        case described
        /// `bench calibrate` measured the figures.
        case calibrated
    }

    /// Where the times of computations come from.
    package enum Computation: Hashable, Sendable {
        /// The host on which the models were trained.
        case measuredHere
        /// The cluster's own file.
        case clusterFile
        /// A profile of this name: rates of no device in particular.
        case profile(String)
    }

    package let machines: Machines
    package let computation: Computation

    package init(_ cluster: ClusterSpec, compute: String, task: String, changed: Bool = false) {
        if !changed, ClusterPresets.all.contains(cluster) {
            machines = .preset
        } else {
            machines = cluster.source.hasPrefix(Self.calibration) && !changed ? .calibrated : .described
        }
        if compute != "calibrated" {
            computation = .profile(compute)
        } else {
            computation = cluster.compute?.contains { $0.task == task } == true ? .clusterFile : .measuredHere
        }
    }

    private static let calibration = "bench calibrate"

    /// Such as `simulated on a preset, computation by the profile 'reference', models trained here`.
    package var words: String { words(onSeveral: false) }

    /// - Parameter onSeveral: whether it is said of several clusters, whose figures may be known otherwise.
    package func words(onSeveral: Bool) -> String {
        let place =
            switch machines {
            case _ where onSeveral: "clusters as they are described"
            case .preset: "a preset"
            case .described: "a described cluster"
            case .calibrated: "a calibrated cluster"
            }
        let speed =
            switch computation {
            case .measuredHere: "computation as measured on the host that trained"
            case .clusterFile: "computation as measured for the cluster's file"
            case .profile(let name): "computation by the profile '\(name)'"
            }
        return "simulated on \(place), \(speed), models trained for real"
    }

    /// The evidence in short, for tables and files, such as `simulated on a preset`.
    package var column: String { "simulated, \(machines.rawValue)" }
}

/// A row of the results that no statement speaks of.
package struct LeftOut: Hashable, Sendable {
    package let name: String
    package let reason: String

    /// A row with the reason why it cannot be priced; nil where it can.
    package init?(_ plan: StrategyPlan, isRecorded: Bool) {
        name = plan.name
        if plan.fabric != .simulated {
            reason = "its times are \(ClockClass(plan).title), and a measured time is not compared with a simulated one"
        } else if !plan.roles.hasFixedSchedule {
            reason = "what it does depends on how long things take, so that its runs cannot be priced elsewhere"
        } else if !plan.hasFixedSchedule {
            reason = "a limit on time or bytes, or ranks that leave, decided on when it ended"
        } else if !isRecorded {
            reason = "it has no recorded schedule; run it with --record"
        } else {
            return nil
        }
    }
}
