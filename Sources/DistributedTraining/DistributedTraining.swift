/// One import for all that a strategy is written with: ranks and their messages, training runs, models, data and clusters, and
/// the strategies that are there already.
@_exported import Cluster
@_exported import Datasets
@_exported import Fabrics
@_exported import Kernel
@_exported import Randomness
@_exported import Strategies
@_exported import Training
