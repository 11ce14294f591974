// Package diagnose judges: detectors fold connection records into findings,
// each with its rule, its evidence and what to do about it.
package diagnose
