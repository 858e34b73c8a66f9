/// Ranks between which messages and collectives can be timed.
///
/// All ranks make the same calls in the same order. Times are in seconds of the calling rank's own clock.
package protocol MeasurableNetwork {
    var rank: Int { get }
    var count: Int { get }

    /// Messages of so many bytes to and fro between rank 0 and a partner, one at a time.
    /// - Returns: the seconds of all of them on rank 0; 0 on ranks that only wait.
    func roundTrips(_ trips: Int, bytes: Int) throws -> Double

    /// Rank 0 sends `messages` messages back to back; the partner answers the last with one of the same size. Repeated
    /// `bursts` times.
    /// - Returns: the seconds of all bursts on rank 0; 0 on other ranks.
    func bursts(_ bursts: Int, of messages: Int, bytes: Int) throws -> Double

    /// All-reduces of so many 32-bit numbers, one behind the other, after all ranks have met.
    /// - Returns: the seconds of all of them on this rank.
    func allReduces(_ calls: Int, elements: Int) throws -> Double

    /// Waits until all ranks are here.
    func barrier() throws

    /// Every rank's numbers, in the order of ranks, on all ranks.
    func share(_ numbers: [Double]) throws -> [[Double]]
}
