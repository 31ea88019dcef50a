//! Permanent memory; a model leaks little.

pub unsafe fn persistent_new<T>() -> *mut T {
    Box::leak(Box::<T>::new_zeroed()).as_mut_ptr()
}
