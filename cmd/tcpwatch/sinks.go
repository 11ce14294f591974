package main

import (
	"fmt"
	"os"
	"slices"
	"time"

	"tcpwatch"
	"tcpwatch/report/kafka"
	"tcpwatch/report/objects"
	"tcpwatch/report/parquet"
	"tcpwatch/report/serve"
)

// sink is where records are sent to, as an address of -o names it.
type sink interface {
	// open asks whether it is there, and returns the Output that sends to it. The privileges are
	// gone, and nothing is captured yet.
	open(s *session) (kafka.Output, error)
}

// kafkaFormat is the format that is an address: kafka://BROKER/TOPIC.
const kafkaFormat = "kafka"

// bucketSink is what metrics call an archive in a bucket that a live capture sends to.
const bucketSink = "s3"

// toKafka is a topic of Kafka.
type toKafka struct{ *kafka.Target }

// kafkaSink is the topic that stands behind the word kafka and a colon.
func kafkaSink(address string) (sink, error) {
	t, err := kafka.NewTarget(address, os.Getenv)
	return toKafka{t}, err
}

// open returns the Output that sends to the topic.
func (t toKafka) open(s *session) (kafka.Output, error) {
	o := kafka.Options{Records: s.records, Version: tcpwatch.Version, Live: s.o.isLive(), Interval: s.o.run.Interval, Now: time.Now, Memory: s.o.memory.Waiting(kafka.MostWaiting)}
	if s.stored == nil && len(s.o.read) <= 1 {
		o.Place = s.place()
	}
	return t.Open(o)
}

// waiting is what may wait to be sent or written, in bytes of memory.
func (o *options) waiting() (n int64) {
	if o.otlp.to != nil {
		n += o.memory.Waiting(serve.MostWaiting)
	}
	if slices.ContainsFunc(o.outputs, func(x output) bool { return x.archive }) {
		n += o.memory.Waiting(parquet.MostHeld)
	}
	for _, x := range o.outputs {
		if x.to != nil {
			n += o.memory.Waiting(kafka.MostWaiting)
		}
		if x.bucket != nil {
			n += o.memory.Waiting(objects.MostHeld)
		}
	}
	return n
}

// sent are the sinks of the run, as metrics tell them.
func (s *session) sent() (all []serve.Sink) {
	for _, x := range s.o.outputs {
		if t, ok := x.to.(toKafka); ok {
			all = append(all, serve.Sink{Name: x.name, Label: [2]string{"topic", "messaging.destination.name"}, To: t.Topic, Counts: s.sinks[t].Counts})
		}
		if a := s.archives[x.bucket]; a != nil && s.o.isLive() {
			all = append(all, serve.Sink{Name: bucketSink, Label: [2]string{"archive", "tcpwatch.archive"}, To: x.folder, Counts: a.Counts})
		}
	}
	return all
}

// openSinks opens those of the run.
func (s *session) openSinks() (err error) {
	s.sinks = map[sink]kafka.Output{}
	for _, x := range s.o.outputs {
		if x.to == nil || s.sinks[x.to] != nil {
			continue
		}
		if s.sinks[x.to], err = x.to.open(s); err != nil {
			return fmt.Errorf("-o %w", err)
		}
	}
	return nil
}
