; What the compiler would emit, by hand: goroutines, channels, segments, allocation and collection. Prints "ok N" lines.
target triple = "x86_64-unknown-linux-gnu"

declare void @rt_call(ptr, ptr, ptr)
declare swiftcc i64 @rt_morestack(i64, ptr nest, ptr swiftself)
declare ptr @llvm.frameaddress.p0(i32)
declare i64 @llvm.read_register.i64(metadata)
declare void @"rt1.runtime.write"(ptr, ptr)
declare void @"rt1.runtime.exit"(ptr, ptr)
declare void @"rt.runtime.rt_newproc"(ptr, ptr)
declare void @"rt.runtime.rt_makechan"(ptr, ptr)
declare void @"rt.runtime.rt_chansend"(ptr, ptr)
declare void @"rt.runtime.rt_chanrecv"(ptr, ptr)
declare void @"rt.runtime.mallocgc"(ptr, ptr)
declare void @"rt.runtime.rt_stopworld"(ptr, ptr)
declare void @"rt.runtime.rt_startworld"(ptr, ptr)
declare void @"rt.runtime.rt_collect"(ptr, ptr)
declare void @"rt.runtime.rt_memstats"(ptr, ptr)
declare void @"rt.runtime.rt_sleep"(ptr, ptr)
declare void @"rt.runtime.Gosched"(ptr, ptr)

@"runtime.zerobase" = global i64 0
@chan = global ptr null
@keep = global ptr null
@stats = global [8192 x i8] zeroinitializer

; abi.Type of int64 and of struct{next *T; val int64}
@int64 = global { i64, i64, i32, i8, i8, i8, i8, ptr, ptr, i32, i32 } { i64 8, i64 0, i32 1, i8 8, i8 8, i8 8, i8 6, ptr null, ptr null, i32 0, i32 0 }
@nodemask = constant i64 1
@node = global { i64, i64, i32, i8, i8, i8, i8, ptr, ptr, i32, i32 } { i64 16, i64 8, i32 2, i8 0, i8 8, i8 8, i8 25, ptr null, ptr @nodemask, i32 0, i32 0 }

@ok1 = constant [5 x i8] c"ok 1\0A"
@ok2 = constant [5 x i8] c"ok 2\0A"
@ok3 = constant [5 x i8] c"ok 3\0A"
@ok4 = constant [5 x i8] c"ok 4\0A"
@ok5 = constant [5 x i8] c"ok 5\0A"
@bad = constant [4 x i8] c"bad\0A"

@senderfn = constant ptr @sender

define swiftcc void @runtime.sigpanic0(i64 %sig, i64 %code, i64 %addr, ptr nest %c, ptr swiftself %g) { unreachable }

define void @say(ptr %g, ptr %text, i32 %n) noredzone "frame-pointer"="all" {
  %f = alloca [5 x i64]
  store i64 1, ptr %f
  %p1 = getelementptr i8, ptr %f, i64 8
  store ptr %text, ptr %p1
  %p2 = getelementptr i8, ptr %f, i64 16
  store i32 %n, ptr %p2
  call void @"rt1.runtime.write"(ptr %g, ptr %f)
  ret void
}

; recursion with the stack check of the compiler
define swiftcc i64 @sum(i64 %n, ptr nest %c, ptr swiftself %g) noredzone noinline "frame-pointer"="all" {
  %sp = call i64 @llvm.read_register.i64(metadata !0)
  %lim = load volatile i64, ptr %g
  %low = icmp ult i64 %sp, %lim
  br i1 %low, label %more, label %body, !prof !1
more:
  %msfn = getelementptr i8, ptr %g, i64 8
  store ptr @sum, ptr %msfn
  %r0 = tail call swiftcc i64 @rt_morestack(i64 %n, ptr nest %c, ptr swiftself %g)
  ret i64 %r0
body:
  %z = icmp eq i64 %n, 0
  br i1 %z, label %done, label %rec
done:
  ret i64 0
rec:
  %buf = alloca [20 x i64]
  store volatile i64 %n, ptr %buf
  %m = sub i64 %n, 1
  %r = call swiftcc i64 @sum(i64 %m, ptr nest poison, ptr swiftself %g)
  %v = load volatile i64, ptr %buf
  %s = add i64 %r, %v
  ret i64 %s
}


define swiftcc void @sender(ptr nest %c, ptr swiftself %g) noredzone "frame-pointer"="all" {
  %v = alloca i64
  store i64 7, ptr %v
  %f = alloca [4 x i64]
  %ch = load ptr, ptr @chan
  store ptr %ch, ptr %f
  %p1 = getelementptr i8, ptr %f, i64 8
  store ptr %v, ptr %p1
  %p2 = getelementptr i8, ptr %f, i64 16
  store i8 1, ptr %p2
  call void @rt_call(ptr @"rt.runtime.rt_chansend", ptr %g, ptr %f)
  ret void
}

define ptr @new(ptr %g, i64 %size, ptr %typ) noredzone noinline "frame-pointer"="all" {
  %f = alloca [4 x i64]
  store i64 %size, ptr %f
  %p1 = getelementptr i8, ptr %f, i64 8
  store ptr %typ, ptr %p1
  %p2 = getelementptr i8, ptr %f, i64 16
  store i8 1, ptr %p2
  call void @rt_call(ptr @"rt.runtime.mallocgc", ptr %g, ptr %f)
  %p3 = getelementptr i8, ptr %f, i64 24
  %r = load ptr, ptr %p3
  ret ptr %r
}

; builds a list of n nodes, returns its head
define ptr @list(ptr %g, i64 %n) noredzone noinline "frame-pointer"="all" {
entry:
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %i1, %loop ]
  %head = phi ptr [ null, %entry ], [ %p, %loop ]
  %p = call ptr @new(ptr %g, i64 16, ptr @node)
  store ptr %head, ptr %p
  %q = getelementptr i8, ptr %p, i64 8
  store i64 %i, ptr %q
  %i1 = add i64 %i, 1
  %d = icmp eq i64 %i1, %n
  br i1 %d, label %out, label %loop
out:
  ret ptr %p
}

define i64 @total(ptr %l) {
entry:
  br label %loop
loop:
  %p = phi ptr [ %l, %entry ], [ %n, %body ]
  %s = phi i64 [ 0, %entry ], [ %s1, %body ]
  %z = icmp eq ptr %p, null
  br i1 %z, label %out, label %body
body:
  %q = getelementptr i8, ptr %p, i64 8
  %v = load i64, ptr %q
  %s1 = add i64 %s, %v
  %n = load ptr, ptr %p
  br label %loop
out:
  ret i64 %s
}

define swiftcc void @runtime.rt_main(ptr nest %c, ptr swiftself %g) noredzone "frame-pointer"="all" {
entry:
  %f = alloca [8 x i64]
  %v = alloca i64
  %p1 = getelementptr i8, ptr %f, i64 8
  %p2 = getelementptr i8, ptr %f, i64 16
  call void @say(ptr %g, ptr @ok1, i32 5)
  %s = call swiftcc i64 @sum(i64 1000000, ptr nest poison, ptr swiftself %g)
  %e = icmp eq i64 %s, 500000500000
  br i1 %e, label %c2, label %fail
c2:
  call void @say(ptr %g, ptr @ok2, i32 5)
  store ptr @int64, ptr %f
  store i64 3, ptr %p1
  call void @rt_call(ptr @"rt.runtime.rt_makechan", ptr %g, ptr %f)
  %ch = load ptr, ptr %p2
  store ptr %ch, ptr @chan
  br label %spawn
spawn:
  %i = phi i64 [ 0, %c2 ], [ %i1, %spawn ]
  store ptr @senderfn, ptr %f
  store i64 0, ptr %p1
  call void @rt_call(ptr @"rt.runtime.rt_newproc", ptr %g, ptr %f)
  %i1 = add i64 %i, 1
  %d = icmp eq i64 %i1, 100000
  br i1 %d, label %recv, label %spawn
recv:
  %j = phi i64 [ 0, %spawn ], [ %j1, %recv ]
  %acc = phi i64 [ 0, %spawn ], [ %acc1, %recv ]
  store i64 0, ptr %v
  store ptr %ch, ptr %f
  store ptr %v, ptr %p1
  store i8 1, ptr %p2
  call void @rt_call(ptr @"rt.runtime.rt_chanrecv", ptr %g, ptr %f)
  %got = load i64, ptr %v
  %acc1 = add i64 %acc, %got
  %j1 = add i64 %j, 1
  %d2 = icmp eq i64 %j1, 100000
  br i1 %d2, label %c3, label %recv
c3:
  %e3 = icmp eq i64 %acc1, 700000
  br i1 %e3, label %c4, label %fail
c4:
  call void @say(ptr %g, ptr @ok3, i32 5)
  %l = call ptr @list(ptr %g, i64 1000)
  store ptr %l, ptr @keep
  br label %gcloop
gcloop:
  %k = phi i64 [ 0, %c4 ], [ %k1, %gcloop ]
  %junk = call ptr @list(ptr %g, i64 100000)
  store ptr %g, ptr %f
  call void @rt_call(ptr @"rt.runtime.rt_stopworld", ptr %g, ptr %f)
  call void @rt_call(ptr @"rt.runtime.rt_collect", ptr %g, ptr %f)
  call void @rt_call(ptr @"rt.runtime.rt_startworld", ptr %g, ptr %f)
  %jt = call i64 @total(ptr %junk)
  %je = icmp eq i64 %jt, 4999950000
  %k1 = add i64 %k, 1
  %d3 = icmp eq i64 %k1, 20
  %go = and i1 %d3, %je
  %stop = xor i1 %je, true
  %end = or i1 %go, %stop
  br i1 %end, label %c5, label %gcloop
c5:
  br i1 %je, label %c6, label %fail
c6:
  %t = call i64 @total(ptr %l)
  %e4 = icmp eq i64 %t, 499500
  br i1 %e4, label %c7, label %fail
c7:
  call void @say(ptr %g, ptr @ok4, i32 5)
  store i64 20000000, ptr %f
  call void @rt_call(ptr @"rt.runtime.rt_sleep", ptr %g, ptr %f)
  call void @say(ptr %g, ptr @ok5, i32 5)
  store i32 0, ptr %f
  call void @"rt1.runtime.exit"(ptr %g, ptr %f)
  ret void
fail:
  call void @say(ptr %g, ptr @bad, i32 4)
  store i32 1, ptr %f
  call void @"rt1.runtime.exit"(ptr %g, ptr %f)
  ret void
}
!0 = !{!"rsp"}
!1 = !{!"branch_weights", i32 1, i32 1000000}
