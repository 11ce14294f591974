// Package kafka sends what a run finds to a topic of Apache Kafka: the objects of JSON Lines, one a
// record. A live capture never waits for a broker: what has no room in the queue is left out and
// counted. A file waits, and ends with an error when the brokers take nothing more.
//
// The key of a connection's record is its uid, so that interim records and the last one of a
// connection are in one partition, in their order.
package kafka
