import Host
import Testing

@Suite struct ControlGroupTests {
    private func limits(_ files: [String: String]) -> ControlGroups { ControlGroups { files[$0] } }

    private static let mountOfVersion2 = "31 23 0:27 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"

    @Test func withoutControlGroupsThereIsNoLimit() {
        #expect(limits([:]) == limits(["/proc/self/cgroup": "0::/\n", "/proc/self/mountinfo": ""]))
        #expect(limits([:]).cores == nil && limits([:]).memoryBytes == nil)
    }

    @Test func theLeastOfAllGroupsThatTheProcessIsInCounts() {
        let found = limits([
            "/proc/self/cgroup": "0::/user.slice/job.scope\n", "/proc/self/mountinfo": Self.mountOfVersion2,
            "/sys/fs/cgroup/user.slice/job.scope/cpu.max": "max 100000\n",
            "/sys/fs/cgroup/user.slice/cpu.max": "150000 100000\n",
            "/sys/fs/cgroup/user.slice/job.scope/memory.max": "2000000000\n",
            "/sys/fs/cgroup/user.slice/memory.max": "max\n", "/sys/fs/cgroup/memory.max": "4000000000\n",
            // A sibling's is nobody else's.
            "/sys/fs/cgroup/other.slice/cpu.max": "1000 100000\n",
        ])
        #expect(found.cores == 1.5)
        #expect(found.memoryBytes == 2_000_000_000)
    }

    @Test func aContainerSeesItsOwnGroupAtTheMountsRoot() {
        for group in ["/", "/../.."] {
            let found = limits([
                "/proc/self/cgroup": "0::\(group)\n", "/proc/self/mountinfo": Self.mountOfVersion2,
                "/sys/fs/cgroup/cpu.max": "100000 100000\n",
            ])
            #expect(found.cores == 1)
        }
    }

    @Test func version1HasAFileForTheQuotaAndOneForItsPeriod() {
        let mounts = """
            25 1 0:22 / /proc rw - proc proc rw
            33 31 0:30 /docker/4f /sys/fs/cgroup/cpu,cpuacct ro - cgroup cgroup rw,cpu,cpuacct
            36 31 0:33 /docker/4f /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory
            37 31 0:34 /docker/4f /sys/fs/cgroup/cpuset ro - cgroup cgroup rw,cpuset
            """
        var files = [
            "/proc/self/cgroup": "9:memory:/docker/4f\n4:cpu,cpuacct:/docker/4f\n3:cpuset:/docker/4f\n0::/docker/4f\n",
            "/proc/self/mountinfo": mounts,
            "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "200000\n",
            "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
            "/sys/fs/cgroup/memory/memory.limit_in_bytes": "1073741824\n",
        ]
        #expect(limits(files).cores == 2)
        #expect(limits(files).memoryBytes == 1 << 30)
        files["/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us"] = "-1\n"
        files["/sys/fs/cgroup/memory/memory.limit_in_bytes"] = "9223372036854771712\n"
        #expect(limits(files).cores == nil)
        #expect(limits(files).memoryBytes == nil)
    }

    @Test(arguments: ["", "max", "x 100000", "100000", "100000 0", "-5 100000", "nan 100000"])
    func whatIsNoQuotaIsNoLimit(_ text: String) {
        let found = limits([
            "/proc/self/cgroup": "0::/\n", "/proc/self/mountinfo": Self.mountOfVersion2, "/sys/fs/cgroup/cpu.max": text,
        ])
        #expect(found.cores == nil)
    }

    @Test func aFractionOfACoreCarriesNoWorker() {
        #expect(UsableCores.count(bound: 8, quota: nil) == 8)
        #expect(UsableCores.count(bound: 1, quota: nil) == 1)
        #expect(UsableCores.count(bound: 8, quota: 1) == 1)
        #expect(UsableCores.count(bound: 8, quota: 2.9) == 2)
        #expect(UsableCores.count(bound: 8, quota: 0.2) == 1)
        #expect(UsableCores.count(bound: 2, quota: 16) == 2)
        #expect(UsableCores.count(bound: 2, quota: 1e300) == 2)
    }

    @Test func theLeastMemoryCounts() {
        #expect(UsableMemory.bytes(physical: 8, group: nil, addressSpace: nil) == 8)
        #expect(UsableMemory.bytes(physical: 8, group: 4, addressSpace: 6) == 4)
        #expect(UsableMemory.bytes(physical: 8, group: 40, addressSpace: 6) == 6)
    }
}
