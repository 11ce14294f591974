// Package diagnose judges: detectors fold connection records into findings, each with
// its rule, its evidence and what to do about it.
//
// A [Detector] is a value in the list of [Detectors]; it makes a [Fold], which takes
// records and tells [Finding]s. A [Set] is the folds of all chosen detectors; what
// holds for the whole capture (how lossy it is, what a full table dropped) is kept in
// it and lowers confidence.
//
// Invariants: a detector reads records, never packets. What it concludes does not
// depend on the order in which records come, nor on how they are divided among folds
// that are merged. A cause is claimed only with the sign that separates it from what
// looks alike; else the finding names the symptom. Subjects, examples and evidence are
// bounded. A record without trouble allocates nothing.
//
// It prints nothing and escapes nothing: texts are for package report, which does.
package diagnose
