// Functions of eight numbers at a time. Polynomials were fitted by weighted least squares with Lawson's weights, close to the
// least largest relative error; errors are in units in the last place (ulp) of the exact result, as tests find them.

extension SIMD8<Float> {
    /// e^x; at most 2 ulp off, infinity above 88.73, exact zeros below -104, NaN for a NaN.
    ///
    /// x = n ln 2 + r with |r| <= ln 2 / 2, and e^x = 2^n e^r (Cody and Waite 1980, *Software Manual for the Elementary
    /// Functions*).
    @inlinable @inline(__always)
    package static func exp(_ x: Self) -> Self { exp(x, timesOneMinus: Self()) }

    /// e^x (1 - d) for small d: what is left of an exponent that was rounded to x.
    @inlinable @inline(__always)
    static func exp(_ x: Self, timesOneMinus d: Self) -> Self {
        // Beyond these the result is the same.
        let x = x.limited(from: -105, to: 89)
        // Added to 1.5 * 2^23, a number is rounded to a whole one, which then is in the low bits.
        let n = (Self(repeating: 0x1.8p23).adding(x, times: 1.44269504)) - 0x1.8p23
        // ln 2 in two parts; n times the first is exact.
        let r = x.adding(n, times: -0.693359375).adding(n, times: 2.12194440e-4)
        let p = Self(repeating: 0.0013950521824881434).times(r, plus: 0.008368908427655697)
            .times(r, plus: 0.04166620597243309).times(r, plus: 0.166665181517601).times(r, plus: 0.5)
        let root = 1 + r.adding(r * r, times: p)
        // In two factors, since 2^n alone may be too large or too small for a float where the result is not.
        let half = n * 0.5 + 0x1.8p23
        let otherHalf = (n - (half - 0x1.8p23)) + 0x1.8p23
        return root.adding(-root, times: d) * twoToThe(half) * twoToThe(otherHalf)
    }

    /// 1 / (1 + e^-x); at most 3 ulp off down to where it is too small for a normal float.
    @inlinable @inline(__always)
    package static func sigmoid(_ x: Self) -> Self { 1 / (1 + exp(-x)) }

    /// The hyperbolic tangent; at most 3 ulp off, never beyond ±1.
    @inlinable @inline(__always)
    package static func tanh(_ x: Self) -> Self {
        // It cancels near zero, where a polynomial is close.
        let far = 1 - 2 / (exp(2 * x) + 1)
        let square = x * x
        let p = Self(repeating: -0.005717036779969931).times(square, plus: 0.020650578662753105)
            .times(square, plus: -0.05374349653720856).times(square, plus: 0.13331490755081177)
            .times(square, plus: -0.3333328366279602)
        let near = x.adding(x * square, times: p)
        return far.replacing(with: near, where: square .< 0.390625)
    }

    /// The standard normal distribution at x: the probability below x and the density. At most 6 ulp off, in the lower tail,
    /// too, down to where they are too small for normal floats.
    ///
    /// The probability below -a is e^(-a²/2) t g with t = 1 / (1 + 0.3 a), where g falls slowly, from 1/2 on: a polynomial
    /// in 1 - t, exact at 0.
    @inlinable @inline(__always)
    package static func standardNormal(_ x: Self) -> (below: Self, density: Self) {
        // Beyond it both are 0 or 1.
        let size = x.replacing(with: -x, where: x .< 0)
        let a = size.replacing(with: 14.5, where: size .> 14.5)
        // The rounding of a large exponent would be a large relative error of the power.
        let square = a * a
        let rest = (-square).adding(a, times: a)
        let power = exp(-0.5 * square, timesOneMinus: 0.5 * rest)
        let t = 1 / Self(repeating: 1).adding(a, times: 0.3)
        let s = 0.3 * a * t
        let g = Self(repeating: 0.020623551681637764).times(s, plus: -0.07317590713500977)
            .times(s, plus: 0.0711740255355835).times(s, plus: 0.010114745236933231)
            .times(s, plus: 0.02336481213569641).times(s, plus: -0.13973282277584076)
            .times(s, plus: -0.08101969212293625).times(s, plus: 0.6181451678276062)
            .times(s, plus: -0.8298071622848511).times(s, plus: 0.5)
        let tail = power * (g * t)
        return (below: (1 - tail).replacing(with: tail, where: x .< 0), density: power * 0.3989422804014327)
    }

    /// self * x + c: one step of Horner's rule.
    @inlinable @inline(__always)
    func times(_ x: Self, plus c: Float) -> Self { Self(repeating: c).adding(self, times: x) }

    /// self + a * b, rounded once where the processor can.
    @inlinable @inline(__always)
    package func adding(_ a: Self, times b: Self) -> Self {
        var sum = self
        sum.add(a, times: b)
        return sum
    }

    /// self + a * b, rounded once where the processor can.
    @inlinable @inline(__always)
    func adding(_ a: Self, times b: Float) -> Self { adding(a, times: Self(repeating: b)) }

    /// Between two bounds; NaN stays NaN.
    @inlinable @inline(__always)
    func limited(from least: Float, to most: Float) -> Self {
        let above = replacing(with: least, where: self .< least)
        return above.replacing(with: most, where: above .> most)
    }

    /// 2^n for a whole number n from -126 to 127 that 1.5 * 2^23 was added to.
    ///
    /// By products, since shifts are compiled to a loop over lanes.
    @inlinable @inline(__always)
    static func twoToThe(_ shifted: Self) -> Self {
        let n = unsafeBitCast(shifted, to: SIMD8<Int32>.self) &- SIMD8<Int32>(repeating: 0x4b40_0000 - 127)
        return unsafeBitCast(n &* SIMD8<Int32>(repeating: 1 << 23), to: Self.self)
    }
}
