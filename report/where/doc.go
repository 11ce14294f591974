// Package where chooses connections by an expression over the fields of their record:
//
//	close.kind == "reset" && orig.retx > 3
//
// [Compile] checks an expression against package schema's rows of fields and says where it is
// wrong and what was probably meant. A [Filter] is an expression at work, one for each
// goroutine; Match answers for one record.
//
// "orig_ip in cidr(10.0.0.0/8, 2001:db8::/32)" asks whether an address lies in a prefix, and
// "any([orig_ip, resp_ip], # in cidr(10.0.0.0/8))" whether that of either end does.
//
// A comparison with a field that is absent is false, whichever way it goes. An
// expression reads fields and changes nothing, and its length is bounded. Faults that
// show only at a record (a remainder of a division by 0) are counted and told at the end (Err).
package where
