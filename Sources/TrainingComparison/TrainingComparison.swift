/// One import for comparing strategies: ``DistributedTraining``, tasks, experiments and studies, their files and reports.
@_exported import DistributedTraining
@_exported import Experiments
@_exported import Reports
@_exported import Statistics
@_exported import Storage
@_exported import Studies
@_exported import Tasks
