module cgo

go 1.27
