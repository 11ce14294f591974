// Package objects keeps an archive's files as objects in a bucket of Amazon S3, or of another store that
// speaks its protocol. A file is seen when it is whole: it is one upload, or one in parts that is completed
// at the end and aborted else. Objects are read in blocks, of which a bounded number is kept.
package objects
